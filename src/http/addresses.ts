import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { isIP, type Server } from 'node:net';

/**
 * The addresses of a host, each once: `localhost` is 127.0.0.1 and ::1, whichever a caller may try.
 *
 * @throws the system's error if there is none
 */
export async function addressesOf(host: string): Promise<readonly string[]> {
  if (isIP(host) !== 0) return [host];
  const found = await lookup(host, { all: true });
  return [...new Set(found.map(({ address }) => address))];
}

/** Makes a server listen on one address; gives the port, which the system chooses for 0. */
export async function listenOnPort(server: Server, place: { address: string; port: number }): Promise<number> {
  const { address, port } = place;
  // Rejects with the error, where there is one.
  await once(server.listen({ host: address, port }), 'listening');
  const bound = server.address();
  return typeof bound === 'object' && bound !== null ? bound.port : port;
}

/** Whether listening failed because this machine lacks the address: many know `localhost` as ::1 and have no IPv6. */
export function isForeign(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'EADDRNOTAVAIL' || error.code === 'EAFNOSUPPORT');
}
