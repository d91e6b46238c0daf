import type { FastifyHttpProxyOptions } from '@fastify/http-proxy';
import { errors } from 'undici';
import {
  type GatewayError,
  internal,
  stoodStill,
  upstreamReset,
  upstreamTimeout,
  upstreamUnreachable,
} from '../errors.ts';
import type { Outcome } from '../quota/gate.ts';
import type { UpstreamCall } from './exchange.ts';
import { responseHeaders } from './response-headers.ts';
import { type CallEnd, carry, SendBudgetSpent } from './upstreams.ts';

/** What reply-from does with a call: sends it as it was signed, never a second time, and passes the answer on. */
export const forwarding: NonNullable<FastifyHttpProxyOptions['replyOptions']> = {
  // Null keeps reply-from from encoding the body again; the signed bytes travel in the call.
  body: null,
  retryDelay: () => null,
  rewriteRequestHeaders: (request) => ({ ...carry(callOf(request?.exchange.call)) }),
  rewriteHeaders: (headers, request) => responseHeaders(headers, callOf(request?.exchange.call).account.origin),
  onResponse: (request, reply, answer) => {
    // reply-from gives undici's body stream in `stream`, whatever its types say.
    const { stream } = answer;
    if (request.socket.destroyed) {
      // reply-from looks at a flag that Node doesn't set once the request has been read.
      stream.destroy();
      return;
    }
    stream.once('error', () => {
      request.exchange.truncated = true;
    });
    reply.send(stream);
  },
  onError: (reply, { error }) => {
    const { cause } = error;
    reply.send(cause instanceof Error ? errorOf(callOf(reply.request.exchange.call), cause) : internal(error));
  },
};

/** What became of a call, from what is known of its end and of the instant before its first byte. */
export function outcomeOf(call: UpstreamCall, end: CallEnd): Outcome {
  if (end instanceof Error) return { kind: call.writtenAt === undefined ? 'unsent' : 'unknown' };
  if (end.statusCode !== 446 && end.statusCode !== 429) return { kind: 'sent' };
  const retryAfterMs = retryAfterMsOf(end.headers);
  return { kind: 'throttled', ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
}

/** As long as any quota of the vendor lasts; a longer wait is a mistake of somebody's. */
const LONGEST_RETRY_AFTER_MS = 86_400_000;

/** `Retry-After` in both of its forms (RFC 9110 section 10.2.3); a date is read by the clock of the server that sent it. */
function retryAfterMsOf(headers: Readonly<Record<string, string | string[] | undefined>>): number | undefined {
  const value = String(headers['retry-after'] ?? '').trim();
  const date = Date.parse(String(headers['date'] ?? ''));
  const waitMs = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - date;
  return waitMs > 0 ? Math.min(waitMs, LONGEST_RETRY_AFTER_MS) : undefined;
}

/** Whose fault it was that no answer came, in our words. */
export function errorOf(call: UpstreamCall, cause: Error): GatewayError {
  if (cause instanceof SendBudgetSpent) return stoodStill();
  const sent = call.writtenAt !== undefined;
  if (cause instanceof errors.ConnectTimeoutError || cause instanceof errors.HeadersTimeoutError) {
    return upstreamTimeout(cause, { sent });
  }
  return sent ? upstreamReset(cause) : upstreamUnreachable(cause);
}

function callOf(call: UpstreamCall | undefined): UpstreamCall {
  if (call === undefined) throw new Error('nothing was admitted');
  return call;
}
