import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import Fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import { bodyTooLarge, callerLeft, GatewayError, internal, requestInvalid, requestTimeout } from '../errors.ts';
import type { Connections } from './connections.ts';
import type { Ending } from './exchange.ts';
import { sendProblem } from './problem.ts';
import { type ProxyParts, proxy } from './proxy.ts';
import { methodUnknown } from './request-head.ts';
import { createRequestIds } from './request-ids.ts';
import type { Telemetry } from './telemetry.ts';

/** How often Node looks for requests that take too long to arrive; its default of 30 s would make a minute and a half of one minute. */
const TIMEOUT_CHECK_MS = 1000;

/**
 * A server that consumers call: one per listener. Every request gets an exchange at its start, is answered by the proxy or with a
 * problem, and is observed once at its end, whoever ended it.
 *
 * @param options.now monotonic ms
 */
export async function createServer(options: {
  parts: ProxyParts;
  connections: Connections;
  telemetry: Telemetry;
  now: () => number;
}): Promise<FastifyInstance> {
  const { parts, connections, telemetry, now } = options;
  const { bodyBytes, requestTimeoutMs } = parts.limits;
  const server = Fastify({
    logger: false,
    // The router and the proxy library see `/`; the caller's own target waits in `originalUrl` for `parseTarget`.
    rewriteUrl: () => '/',
    genReqId: createRequestIds(),
    bodyLimit: bodyBytes,
    requestTimeout: requestTimeoutMs,
    http: {
      connectionsCheckingInterval: TIMEOUT_CHECK_MS,
      requestTimeout: requestTimeoutMs,
      // Node would refuse it without a reason or a line in the log.
      requireHostHeader: false,
      // Without it, Node takes 60 s for the head; where that is more than the whole may take, it swaps the two.
      headersTimeout: requestTimeoutMs,
    },
    exposeHeadRoutes: false,
    return503OnClosing: false,
    clientErrorHandler: (error, socket) => {
      // Closed already, or never used: there is no request to refuse.
      if (!socket.writable || socket.bytesRead === 0) socket.destroy();
      else connections.refuse(socket, toUnreadError(error));
    },
  });

  server.decorateRequest('exchange');
  server.addHook('onRequest', (request, reply, done) => {
    const exchange = { id: request.id, startedAt: now(), method: request.method };
    request.exchange = exchange;
    connections.begin(reply);
    telemetry.begin();
    // 'close' comes after every end of a response, also when the caller has left; Fastify's own onResponse doesn't.
    reply.raw.once('close', () => {
      connections.end(reply);
      telemetry.end(exchange, endingOf(reply));
    });
    done();
  });
  server.setErrorHandler((thrown, request, reply) => {
    const error = toGatewayError(thrown, bodyBytes);
    const { exchange } = request;
    exchange.error = error;
    if (error.code === 'quota-exceeded' || error.code === 'quota-unavailable') exchange.decision = 'denied';
    sendProblem(reply, error, request.id);
  });
  // Node would answer 417 by itself. `expect` isn't sent on, so the request is like any other.
  server.server.on('checkExpectation', server.routing);
  server.server.on('connect', (_request: IncomingMessage, socket: Socket) => {
    // Node has let go of the socket: without these a reset would end the process, and the end of the caller would go unseen.
    socket.on('error', () => {}).resume();
    connections.refuse(socket, methodUnknown('CONNECT'));
  });

  await proxy(server, parts);
  return server;
}

function endingOf({ raw, request, statusCode }: FastifyReply): Ending {
  const left = !raw.writableFinished;
  return { status: left && !raw.headersSent ? 499 : statusCode, left, remoteAddress: request.ip };
}

/** Why Node gave up reading a request. */
function toUnreadError({ code }: Error & { code?: string }): GatewayError {
  switch (code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return requestTimeout();
    case 'HPE_INVALID_EOF_STATE':
      return callerLeft();
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
