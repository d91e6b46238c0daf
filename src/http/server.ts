import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import Fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import { bodyTooLarge, GatewayError, internal, requestInvalid } from '../errors.ts';
import { problemOf, sendProblem } from './problem.ts';
import { type ProxyParts, proxy } from './proxy.ts';
import type { Telemetry } from './telemetry.ts';

/**
 * A server that consumers call: one per listener. Every request gets an exchange at its start, is answered by the proxy or with a
 * problem, and is observed once at its end, whoever ended it.
 *
 * @param options.now monotonic ms
 */
export async function createServer(options: {
  parts: ProxyParts;
  telemetry: Telemetry;
  now: () => number;
}): Promise<FastifyInstance> {
  const { parts, telemetry, now } = options;
  const unanswered = new WeakMap<Socket, Set<FastifyReply>>();
  const server = Fastify({
    logger: false,
    // The router and the proxy library see `/`; the caller's own target waits in `originalUrl` for `parseTarget`.
    rewriteUrl: () => '/',
    genReqId: createRequestIds(),
    bodyLimit: parts.limits.bodyBytes,
    exposeHeadRoutes: false,
    return503OnClosing: false,
    clientErrorHandler: (_error, socket) => answerMalformed(socket, unansweredOn(socket)),
  });

  server.decorateRequest('exchange');
  server.addHook('onRequest', (request, reply, done) => {
    const exchange = { id: request.id, startedAt: now(), method: request.method };
    request.exchange = exchange;
    const replies = unansweredOn(request.socket).add(reply);
    telemetry.begin();
    // 'close' comes after every end of a response, also when the caller has left; Fastify's own onResponse doesn't.
    reply.raw.once('close', () => {
      replies.delete(reply);
      telemetry.end(exchange, reply);
    });
    done();
  });
  server.setErrorHandler((thrown, request, reply) => {
    const error = toGatewayError(thrown, parts.limits.bodyBytes);
    const { exchange } = request;
    exchange.error = error;
    if (error.code === 'quota-exceeded' || error.code === 'quota-unavailable') exchange.decision = 'denied';
    sendProblem(reply, error, request.id);
  });
  server.setNotFoundHandler((request, reply) => {
    const error = requestInvalid(`the vendor's API has no ${request.method} method`);
    request.exchange.error = error;
    sendProblem(reply, error, request.id);
  });

  function unansweredOn(socket: Socket): Set<FastifyReply> {
    const known = unanswered.get(socket);
    if (known !== undefined) return known;
    const replies = new Set<FastifyReply>();
    unanswered.set(socket, replies);
    // Node tells only the response whose turn it is that its connection has closed, not those of pipelined requests behind it.
    socket.once('close', () => {
      for (const { raw } of replies) raw.destroy().emit('close');
    });
    return replies;
  }

  await proxy(server, parts);
  return server;
}

/** Ids that no two requests share, also of two replicas: a random prefix per server and a counter. */
function createRequestIds(): () => string {
  const prefix = randomBytes(6).toString('base64url');
  let count = 0;
  return () => `${prefix}-${(count++).toString(36)}`;
}

/** Errors of our own stay; Fastify's refusals of a malformed request become ours; all else is our fault. */
function toGatewayError(thrown: unknown, bodyLimitBytes: number): GatewayError {
  if (thrown instanceof GatewayError) return thrown;
  if (thrown instanceof Error && 'statusCode' in thrown && typeof thrown.statusCode === 'number') {
    if (thrown.statusCode === 413) return bodyTooLarge(bodyLimitBytes);
    if (thrown.statusCode >= 400 && thrown.statusCode < 500)
      return requestInvalid('the request or its body is malformed');
  }
  return internal(thrown);
}

/** For a caller that still sends: closed at once, its connection would be reset, and a reset may overtake the answer. */
const LINGER_MS = 1000;

/** What Node's parser can't read has no request and no reply: the answer is written to the socket as text. */
function answerMalformed(socket: Socket, unanswered: ReadonlySet<FastifyReply>): void {
  if (!socket.writable) return;
  // An earlier request on this connection is owed its answer; text of ours would be taken for it, or for a part of it.
  if ([...unanswered].some(({ request }) => request.raw.complete)) {
    socket.destroy();
    return;
  }
  const problem = JSON.stringify(problemOf(requestInvalid('not a well-formed HTTP/1.1 request'), 'none'));
  const head = [
    'HTTP/1.1 400 Bad Request',
    'content-type: application/problem+json',
    `content-length: ${Buffer.byteLength(problem)}`,
    'x-gateway-error: request-invalid',
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${problem}`);
  setTimeout(() => socket.destroy(), LINGER_MS).unref();
}
