import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { FastifyRequest } from 'fastify';
import { type Presented, UNIX_SOCKET } from '../identify/presented.ts';

/** Gives what a request presents, as it came off the wire. */
export function presentedBy(
  request: FastifyRequest,
  listener: Pick<Presented, 'socketConsumer' | 'listenerHost'>,
): Presented {
  const { raw, socket, originalUrl } = request;
  return {
    method: request.method,
    target: originalUrl,
    rawHeaders: raw.rawHeaders,
    // A TCP connection that was reset has no address either: nobody may be taken for the peer of a unix socket by that.
    peer: listener.listenerHost === undefined ? UNIX_SOCKET : (socket.remoteAddress ?? 'unknown'),
    certificate: () => (isVerified(socket) ? socket.getPeerX509Certificate() : undefined),
    ...listener,
  };
}

function isVerified(socket: Socket): socket is TLSSocket {
  return socket instanceof TLSSocket && socket.authorized;
}
