import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { type Listener, listenerName } from '../catalog/listener.ts';
import { addressesOf, isForeign, listenOnPort } from './addresses.ts';
import { openSockets } from './open-sockets.ts';
import { listenOnSocket } from './unix-socket.ts';

/** A server that listens. */
export interface Listening {
  /** `http://127.0.0.1:8080`, `https://[::1]:8443`, `unix:/run/gateway.sock`. */
  readonly url: string;
  readonly server: FastifyInstance;
  /** Its connections now, also those whose handshake is under way. */
  readonly sockets: ReadonlySet<Socket>;
  /** Stops listening, breaks off whatever is still connected, and ends the server. */
  close(): Promise<void>;
}

/** A listener, and what makes a server for it that doesn't listen yet. */
export interface Plan {
  readonly listener: Listener;
  readonly create: () => Promise<FastifyInstance>;
}

/**
 * Opens listeners in their order: a server on a socket, or one on each address of a host. Fastify would open more than one only for
 * `localhost`, and the second without what the first has been told of malformed requests.
 *
 * @throws Error when one of them can't be opened; by then none is open
 */
export async function openListeners(plans: readonly Plan[]): Promise<readonly (readonly Listening[])[]> {
  const open: Listening[][] = [];
  try {
    for (const plan of plans) {
      const servers: Listening[] = [];
      open.push(servers);
      await openInto(servers, plan);
    }
    return open;
  } catch (error) {
    await Promise.all(open.flat().map((listening) => listening.close()));
    throw error;
  }
}

async function openInto(open: Listening[], { listener, create }: Plan): Promise<void> {
  if ('unixSocket' in listener) {
    const server = await readied(create);
    await listenOnSocket(server.server, listener);
    open.push(toListening(server, listenerName(listener)));
    return;
  }
  let foreign: unknown;
  let { port } = listener;
  for (const address of await addressesOf(listener.host)) {
    const server = await readied(create);
    try {
      port = await listenOnPort(server.server, { address, port });
      open.push(toListening(server, listenerName({ ...listener, host: address, port })));
    } catch (error) {
      if (!isForeign(error)) throw error;
      foreign = error;
    }
  }
  if (open.length === 0) throw foreign;
}

async function readied(create: () => Promise<FastifyInstance>): Promise<FastifyInstance> {
  const server = await create();
  await server.ready();
  return server;
}

function toListening(server: FastifyInstance, url: string): Listening {
  const sockets = openSockets(server.server);
  return {
    url,
    server,
    sockets,
    async close() {
      const closed = new Promise((resolve) => server.server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
      await server.close();
    },
  };
}
