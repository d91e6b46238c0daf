import { once } from 'node:events';
import { lstatSync, unlinkSync } from 'node:fs';
import { connect, type Server } from 'node:net';

/**
 * Makes a server listen on a socket in the file system. It has its mode from its first instant. What a process that has ended left
 * there is replaced; the socket is removed when the server closes.
 *
 * @throws Error when something else is there, or a process that answers
 */
export async function listenOnSocket(
  server: Server,
  { unixSocket, mode }: { unixSocket: string; mode: number },
): Promise<void> {
  await clear(unixSocket);
  // Node binds before `listen` returns, so nothing else happens under this mask. A chmod would come after the first callers.
  const mask = process.umask(0o777 & ~mode);
  const listening = once(server.listen({ path: unixSocket }), 'listening');
  process.umask(mask);
  await listening;
}

async function clear(path: string): Promise<void> {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isSocket()) throw new Error(`${path} is there and no socket`);
  const answer = await knock(path);
  if (answer === 'open') throw new Error(`another process listens on ${path}`);
  if (answer !== 'ECONNREFUSED') throw new Error(`${path} is there, and whose it is can not be told (${answer})`);
  unlinkSync(path);
}

/** `open`, or why nobody opens. */
function knock(path: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('error', (error: Error & { code?: string }) => resolve(error.code ?? error.message));
    socket.once('connect', () => {
      socket.destroy();
      resolve('open');
    });
  });
}
