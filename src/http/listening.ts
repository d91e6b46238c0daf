import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { type Listener, listenerName } from '../catalog/listener.ts';
import { addressesOf, isForeign, listenOnPort } from './addresses.ts';
import { listenOnSocket } from './unix-socket.ts';

/** A server that listens. */
export interface Listening {
  /** `http://127.0.0.1:8080`, `https://[::1]:8443`, `unix:/run/gateway.sock`. */
  readonly url: string;
  readonly server: FastifyInstance;
  /** Stops listening, breaks off whatever is still connected, and ends the server. */
  close(): Promise<void>;
}

/**
 * Opens a listener: a server on its socket, or one on each address of its host. Fastify would open more than one only for
 * `localhost`, and the second without what the first has been told of malformed requests.
 *
 * @param create makes one server, which doesn't listen yet
 * @throws Error when it can't listen
 */
export async function openListener(
  listener: Listener,
  create: () => Promise<FastifyInstance>,
): Promise<readonly Listening[]> {
  if ('unixSocket' in listener) {
    const server = await readied(create);
    await listenOnSocket(server.server, listener);
    return [toListening(server, listenerName(listener))];
  }
  const open: Listening[] = [];
  let foreign: unknown;
  let { port } = listener;
  for (const address of await addressesOf(listener.host)) {
    const server = await readied(create);
    try {
      port = await listenOnPort(server.server, { address, port });
      open.push(toListening(server, listenerName({ ...listener, host: address, port })));
    } catch (error) {
      await server.close();
      if (!isForeign(error)) throw error;
      foreign = error;
    }
  }
  if (open.length === 0) throw foreign;
  return open;
}

async function readied(create: () => Promise<FastifyInstance>): Promise<FastifyInstance> {
  const server = await create();
  await server.ready();
  return server;
}

function toListening(server: FastifyInstance, url: string): Listening {
  // Node's own list has no connection whose handshake isn't over.
  const sockets = new Set<Socket>();
  server.server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  return {
    url,
    server,
    async close() {
      const closed = new Promise((resolve) => server.server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
      await server.close();
    },
  };
}
