import { createServer as createHttp, type RequestListener, type Server } from 'node:http';
import { createServer as createHttps } from 'node:https';
import type { Tls } from '../catalog/listener.ts';
import { contextOf } from './tls.ts';

/** How often Node looks for requests that take too long to arrive; its default of 30 s would make a minute and a half of one minute. */
const TIMEOUT_CHECK_MS = 1000;

/** What a port bears, whoever calls. */
export interface ServerLimits {
  readonly headersBytes: number;
  readonly requestTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly connections: number;
}

/**
 * A server of Node's with every limit set: size and time of a head, time of a request and of a handshake, idle connections, and
 * their number. With `tls`, callers need TLS 1.2 or later, and a certificate where an authority for theirs is named.
 */
export function createHttpServer(
  handler: RequestListener,
  options: { limits: ServerLimits; tls?: Tls | undefined },
): Server {
  const { limits, tls } = options;
  const settings = {
    connectionsCheckingInterval: TIMEOUT_CHECK_MS,
    requestTimeout: limits.requestTimeoutMs,
    // Without it, Node takes 60 s for the head; where that is more than the whole may take, it swaps the two.
    headersTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.idleTimeoutMs,
    maxHeaderSize: limits.headersBytes,
    // Node would refuse it without a reason or a line in the log.
    requireHostHeader: false,
  };
  const server =
    tls === undefined
      ? createHttp(settings, handler)
      : createHttps(
          {
            ...settings,
            ...contextOf(tls),
            requestCert: tls.clientCa !== undefined,
            rejectUnauthorized: true,
            handshakeTimeout: limits.requestTimeoutMs,
          },
          handler,
        );
  // Node would drop what comes after the 2000th without a word; maxHeaderSize is limit enough.
  server.maxHeadersCount = 0;
  server.maxConnections = limits.connections;
  server.setTimeout(limits.idleTimeoutMs);
  return server;
}
