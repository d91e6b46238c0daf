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
    peer: peerOf(request),
    certificate: () => (isVerified(socket) ? socket.getPeerX509Certificate() : undefined),
    ...listener,
  };
}

/**
 * The other end of the connection. That it has no address means a unix socket only where the listener is one: a TCP connection that
 * was reset has none either, and nobody may become trusted by that.
 */
function peerOf({ socket, server }: FastifyRequest): string {
  return typeof server.server.address() === 'string' ? UNIX_SOCKET : (socket.remoteAddress ?? 'unknown');
}

function isVerified(socket: Socket): socket is TLSSocket {
  return socket instanceof TLSSocket && socket.authorized;
}
