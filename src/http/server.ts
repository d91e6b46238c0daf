import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import underPressure from '@fastify/under-pressure';
import Fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import type { Listener } from '../catalog/listener.ts';
import {
  bodyTooLarge,
  callerLeft,
  connectionRetired,
  GatewayError,
  headersTooLarge,
  internal,
  requestInvalid,
  requestTimeout,
  tooSlow,
} from '../errors.ts';
import type { Connections } from './connections.ts';
import type { Ending } from './exchange.ts';
import { createHttpServer, type ServerLimits } from './http-server.ts';
import { sendProblem } from './problem.ts';
import { type ProxyParts, proxy } from './proxy.ts';
import { headerOf, methodUnknown } from './request-head.ts';
import { createRequestIds } from './request-ids.ts';
import type { Telemetry } from './telemetry.ts';
import type { createConnectionTelemetry } from './telemetry-connections.ts';
import { handshakeFault } from './tls.ts';

/**
 * A server that consumers call: one per address that is listened on. Every request gets an exchange at its start, is answered by
 * the proxy or with a problem, and is observed once at its end, whoever ended it.
 *
 * @param options.now monotonic ms
 */
export async function createServer(options: {
  listener: Listener;
  /** `listen[0]` */
  name: string;
  parts: Omit<ProxyParts, 'bearers' | 'listener'>;
  limits: ServerLimits & { readonly eventLoopDelayMs: number; readonly inFlight: number };
  connections: Connections;
  telemetry: Telemetry;
  connectionFailed: ReturnType<typeof createConnectionTelemetry>;
  now: () => number;
}): Promise<FastifyInstance> {
  const { listener, name, parts, limits, connections, telemetry, now } = options;
  const { bodyBytes } = parts.limits;
  const server = Fastify({
    logger: false,
    // The router and the proxy library see `/`; the caller's own target waits in `originalUrl` for `parseTarget`.
    rewriteUrl: () => '/',
    genReqId: createRequestIds(),
    bodyLimit: bodyBytes,
    serverFactory: (handler) => createHttpServer(handler, { limits, ...('tls' in listener && { tls: listener.tls }) }),
    exposeHeadRoutes: false,
    return503OnClosing: false,
    clientErrorHandler: (error, socket) => {
      // Closed already, or never used: there is no request to refuse.
      if (!socket.writable || socket.bytesRead === 0) socket.destroy();
      else connections.refuse(socket, toUnreadError(error, limits.headersBytes));
    },
  });
  tellOfConnections(server, options);

  server.decorateRequest('exchange');
  server.addHook('onRequest', (request, reply, done) => {
    const { method } = request;
    const traced = telemetry.begin({ method, traceparent: headerOf(request, 'traceparent') });
    const exchange = { id: request.id, startedAt: now(), method, ...traced };
    request.exchange = exchange;
    connections.begin(reply);
    // 'close' comes after every end of a response, also when the caller has left; Fastify's own onResponse doesn't.
    reply.raw.once('close', () => {
      connections.end(reply);
      telemetry.end(exchange, endingOf(reply));
    });
    done(connections.isRetired(reply) ? connectionRetired() : undefined);
  });
  server.addHook('preHandler', ({ exchange, body }, _reply, done) => {
    if (body !== undefined) exchange.receivedAt = now();
    done();
  });
  server.addHook('onSend', (_request, reply, payload, done) => {
    // The next request of this caller should find a gateway that stays.
    const parting = parts.draining() || connections.isRetired(reply);
    if (parting && connections.isLast(reply)) reply.header('connection', 'close');
    done(null, payload);
  });
  server.setErrorHandler((thrown, request, reply) => {
    const error = toGatewayError(thrown, bodyBytes);
    const { exchange } = request;
    exchange.error = error;
    if (error.code === 'quota-exceeded' || error.code === 'quota-unavailable') exchange.decision = 'denied';
    if (!request.raw.complete) connections.partWith(reply);
    sendProblem(reply, error, request.id);
  });
  // Node would answer 417 by itself. `expect` isn't sent on, so the request is like any other.
  server.server.on('checkExpectation', server.routing);
  server.server.on('connect', (_request: IncomingMessage, socket: Socket) => {
    // Node has let go of the socket: without these a reset would end the process, and the end of the caller would go unseen.
    socket.on('error', () => {}).resume();
    connections.refuse(socket, methodUnknown('CONNECT'));
  });
  server.server.on('timeout', (socket: Socket) => connections.idle(socket));

  await server.register(underPressure, {
    maxEventLoopDelay: limits.eventLoopDelayMs,
    // Whoever calls a gateway that stops is told so, however busy it is.
    pressureHandler: () => {
      if (!parts.draining()) throw tooSlow();
    },
  });
  await proxy(server, {
    ...parts,
    bearers: [
      { name: 'the gateway', limit: limits.inFlight },
      { name, limit: listener.inFlight },
    ],
    listener: whoseOrWhere(listener),
  });
  return server;
}

function whoseOrWhere(listener: Listener): ProxyParts['listener'] {
  if (!('unixSocket' in listener)) return { listenerHost: listener.host };
  return listener.consumer === undefined ? {} : { socketConsumer: listener.consumer };
}

/** Tells of connections that end before there is a request. */
function tellOfConnections(
  { server }: FastifyInstance,
  { connectionFailed }: Pick<Parameters<typeof createServer>[0], 'connectionFailed'>,
): void {
  // Node takes a failed handshake for a malformed request as well; with this the socket is gone by then.
  server.prependListener('tlsClientError', (error: Error, socket: Socket) => {
    connectionFailed('handshake', {
      cause: handshakeFault(error, socket instanceof TLSSocket ? socket : {}),
      remoteAddress: socket.remoteAddress,
    });
    socket.destroy();
  });
  server.on('drop', (peer) => connectionFailed('too-many', { remoteAddress: peer?.remoteAddress }));
}

function endingOf({ raw, request, statusCode }: FastifyReply): Ending {
  const left = !raw.writableFinished;
  return { status: left && !raw.headersSent ? 499 : statusCode, left, remoteAddress: request.ip };
}

/** Why Node gave up reading a request. */
function toUnreadError({ code }: Error & { code?: string }, headersBytes: number): GatewayError {
  switch (code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return requestTimeout();
    case 'HPE_INVALID_EOF_STATE':
      return callerLeft();
    case 'HPE_HEADER_OVERFLOW':
      return headersTooLarge(headersBytes);
    default:
      return requestInvalid('not a well-formed HTTP/1.1 request');
  }
}

/** Errors of our own stay; Fastify's refusals of a malformed request become ours; all else is our fault. */
function toGatewayError(thrown: unknown, bodyLimitBytes: number): GatewayError {
  if (thrown instanceof GatewayError) return thrown;
  if (thrown instanceof Error && 'statusCode' in thrown && typeof thrown.statusCode === 'number') {
    if ('code' in thrown && thrown.code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') {
      return requestInvalid('the content-type is not a media type such as application/json');
    }
    if (thrown.statusCode === 413) return bodyTooLarge(bodyLimitBytes);
    if (thrown.statusCode >= 400 && thrown.statusCode < 500)
      return requestInvalid('the request or its body is malformed');
  }
  return internal(thrown);
}
