import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Consumer } from '../catalog/consumer.ts';
import type { Patience } from '../quota/gate.ts';
import { waitTerms } from './prefer.ts';
import { headerOf } from './request-head.ts';

/** How long this request waits if it must; says in the answer that the caller's preference for it holds. */
export function patienceOf(
  request: FastifyRequest,
  reply: FastifyReply,
  { consumer, limits, mayWait }: { consumer: Consumer; limits: { readonly waitMs: number }; mayWait: () => boolean },
): Patience | undefined {
  const { maxWaitMs, applied } = waitTerms(headerOf(request, 'prefer'), {
    defaultMs: consumer.waitMs ?? 0,
    limitMs: limits.waitMs,
    hasPlace: mayWait(),
  });
  if (applied !== undefined) reply.header('preference-applied', applied);
  if (maxWaitMs === 0) return undefined;
  const onWait: Patience['onWait'] = (wait) => {
    request.exchange.wait = wait;
    request.exchange.stay?.pause();
  };
  return { maxWaitMs, leaving: leavingOf(reply), onWait };
}

/** Aborts when the caller leaves, or has left. */
function leavingOf(reply: FastifyReply): AbortSignal {
  const leaving = new AbortController();
  if (reply.raw.destroyed) leaving.abort();
  else reply.raw.once('close', () => leaving.abort());
  return leaving.signal;
}
