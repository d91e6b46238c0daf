import type { FastifyReply } from 'fastify';
import type { ErrorCode, GatewayError } from '../errors.ts';
import { rateLimitField, rateLimitPolicyField, retryAfterSeconds } from './ratelimit-fields.ts';

const STATUS: Readonly<Record<ErrorCode, { status: number; title: string }>> = {
  'request-invalid': { status: 400, title: 'The request cannot be signed safely' },
  'request-timeout': { status: 408, title: 'The request did not arrive in time' },
  'consumer-unknown': { status: 401, title: 'The gateway does not know this consumer' },
  'authentication-limited': { status: 429, title: 'Too many failed authentications' },
  'consumer-forbidden': { status: 403, title: 'This consumer may not make this call' },
  'body-too-large': { status: 413, title: 'The body is too large' },
  'headers-too-large': { status: 431, title: 'The headers are too large' },
  'target-too-long': { status: 414, title: 'The target is too long' },
  'quota-exceeded': { status: 429, title: 'Request cannot be satisfied as assigned quota has been exceeded' },
  'quota-unavailable': { status: 503, title: 'The quota cannot be checked' },
  'audit-unavailable': { status: 503, title: 'The call cannot be recorded' },
  overloaded: { status: 503, title: 'The gateway has too many requests under way' },
  'upstream-unreachable': { status: 502, title: 'CDNetworks cannot be reached' },
  'upstream-reset': { status: 502, title: 'CDNetworks broke off the connection' },
  'upstream-timeout': { status: 504, title: 'CDNetworks did not answer in time' },
  'shutting-down': { status: 503, title: 'The gateway is shutting down' },
  'caller-left': { status: 499, title: 'The caller left' }, // As nginx has it; nobody sees it.
  internal: { status: 500, title: 'The gateway failed' },
};

/** The status that the gateway answers an error with. */
export function statusOf(error: GatewayError): number {
  return STATUS[error.code].status;
}

/**
 * Problem details (RFC 9457) of an error, with `code` and `message` beside them: the members that clients of the vendor's API
 * already read. Holds nothing internal: neither the cause nor an address.
 */
export function problemOf(error: GatewayError, requestId: string): Record<string, unknown> {
  const { status, title } = STATUS[error.code];
  const violated = (error.details.states ?? []).filter((state) => state.violated).map((state) => state.name);
  return {
    // The type that the IETF draft on RateLimit fields names; ours are URNs, as nothing is to be found behind them.
    type:
      error.code === 'quota-exceeded'
        ? 'https://iana.org/assignments/http-problem-types#quota-exceeded'
        : `urn:cdnetworks-gateway:${error.code}`,
    title,
    status,
    detail: error.message,
    ...(error.code === 'quota-exceeded' ? { 'violated-policies': violated } : {}),
    code: error.code,
    message: error.message,
    request_id: requestId,
  };
}

/** Answers with an error. `x-gateway-error` tells every reader that the gateway said it, not the vendor. */
export function sendProblem(reply: FastifyReply, error: GatewayError, requestId: string): void {
  const { retryAfterMs, states, challenges } = error.details;
  reply.code(statusOf(error));
  reply.header('x-gateway-error', error.code);
  reply.header('via', '1.1 cdnetworks-gateway');
  if (challenges !== undefined) reply.header('www-authenticate', challenges.join(', '));
  if (retryAfterMs !== undefined) reply.header('retry-after', retryAfterSeconds(retryAfterMs));
  if (states !== undefined) setRateLimit(reply, states);
  reply.header('content-type', 'application/problem+json');
  // As bytes, because Fastify would add a charset to text, which this media type doesn't have.
  reply.send(Buffer.from(JSON.stringify(problemOf(error, requestId))));
}

/** The IETF draft's two fields: which quotas hold, and what is left of them. */
export function setRateLimit(reply: FastifyReply, states: NonNullable<GatewayError['details']['states']>): void {
  reply.header('ratelimit-policy', rateLimitPolicyField(states));
  reply.header('ratelimit', rateLimitField(states));
}
