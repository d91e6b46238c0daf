import { X509Certificate } from 'node:crypto';
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { type SecureContextOptions, type TLSSocket, Server as TlsServer } from 'node:tls';
import type { Listener, Tls } from '../catalog/listener.ts';

/** The part of a server's options that may change while it runs. */
export function contextOf({ cert, key, clientCa }: Tls): SecureContextOptions {
  return {
    cert,
    key: key.reveal(),
    minVersion: 'TLSv1.2',
    // In place of the system's authorities, not beside them.
    ...(clientCa === undefined ? {} : { ca: clientCa }),
  };
}

/**
 * Gives a server that listens another certificate, and other authorities for callers, from the next connection on. Connections
 * that are open stay as they are; a session of an old one can't be resumed.
 *
 * @throws TypeError where callers would be asked for certificates from now on, or no longer: that takes another server. The server
 * would go on asking, and believe the system's authorities.
 */
export function renew(server: Server, change: { from: Tls; to: Tls }): void {
  if (!(server instanceof TlsServer)) throw new TypeError('the server has no TLS');
  if ((change.from.clientCa === undefined) !== (change.to.clientCa === undefined)) {
    throw new TypeError('whether callers need certificates can not change while a server listens');
  }
  server.setSecureContext(contextOf(change.to));
}

/** A server that listens, and its connections. */
interface Port {
  readonly server: { readonly server: Server };
  readonly sockets: Iterable<Socket>;
}

/**
 * Renews the certificates of servers whose listeners have others now. The lists are in the same order.
 *
 * @param retire ends a connection whose caller the new authorities were not asked about
 */
export function renewCertificates(
  ports: readonly (readonly Port[])[],
  { from, to }: { from: readonly Listener[]; to: readonly Listener[] },
  retire: (socket: Socket) => void,
): void {
  for (const [index, listener] of to.entries()) {
    const before = from[index];
    if (!before || !('tls' in before && 'tls' in listener) || !before.tls || !listener.tls) continue;
    for (const { server, sockets } of ports[index] ?? []) {
      renew(server.server, { from: before.tls, to: listener.tls });
      // A handshake that is under way ends by the authorities that it began with.
      if (before.tls.clientCa !== listener.tls.clientCa) for (const socket of sockets) retire(socket);
    }
  }
}

/** Why a certificate is good for nobody at an instant, in ms since 1970; undefined if its dates are fine. */
export function datesFault({ cert }: Tls, at: number): string | undefined {
  const { validFrom, validTo } = new X509Certificate(cert);
  if (at > Date.parse(validTo)) return `the certificate expired on ${validTo}`;
  if (at < Date.parse(validFrom)) return `the certificate is not valid before ${validFrom}`;
  return undefined;
}

/** Why a handshake failed, in a word of OpenSSL's or Node's. */
export function handshakeFault(error: Error & { code?: string }, socket: Partial<TLSSocket>): string {
  // A caller whose certificate nobody vouches for is dropped by Node, and the error tells only that its connection is gone.
  const { authorizationError } = socket;
  return String(authorizationError || error.code || 'unknown');
}
