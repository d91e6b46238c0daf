import { hostname } from 'node:os';
import type { PastExchange } from '../lookup/past-exchange.ts';
import type { Clock } from '../quota/clock.ts';
import { type Ending, type Exchange, upstreamMsOf, waitedMsOf } from './exchange.ts';
import { exemplarIdOf } from './exemplar.ts';

/** Names this process among all replicas, for operators. */
export const REPLICA = `${hostname()}:${process.pid}`;

/** Puts an exchange that is over into what may be told of it. */
export function toPastExchange(exchange: Exchange, { status }: Ending, clock: Clock): PastExchange {
  const { id, method, target, consumer, account, apiInterface, call, error } = exchange;
  const now = clock.monotonic();
  const durationMs = now - exchange.startedAt;
  const waitedMs = waitedMsOf(exchange, now);
  const upstreamMs = call && upstreamMsOf(call);
  const { outcome, cncRequestId, status: upstreamStatus } = call ?? {};
  const refusedCncRequestId = exchange.refusedCall?.cncRequestId;
  const exemplarIds = [cncRequestId, refusedCncRequestId].flatMap(cleaned);
  return {
    time: new Date(clock.wall() - durationMs).toISOString(),
    replica: REPLICA,
    reqId: id,
    ...(cncRequestId !== undefined && { cncRequestId }),
    ...(refusedCncRequestId !== undefined && { refusedCncRequestId }),
    ...(exemplarIds.length > 0 && { exemplarIds }),
    ...(exchange.trace !== undefined && { traceId: exchange.trace.traceId }),
    ...(consumer !== undefined && { consumer: consumer.name }),
    ...(account !== undefined && { account: account.name }),
    ...(apiInterface !== undefined && { interface: apiInterface.id.slice(0, 256) }),
    method: method.slice(0, 32),
    ...(target !== undefined && { path: target.path.slice(0, 256) }),
    ...(call !== undefined
      ? { decision: 'admitted' as const }
      : exchange.decision !== undefined && { decision: exchange.decision }),
    ...(error !== undefined && { reason: error.code }),
    ...(outcome !== undefined && { outcome }),
    status,
    ...(upstreamStatus !== undefined && { upstreamStatus }),
    durationMs: rounded(durationMs),
    ...(waitedMs !== undefined && { waitedMs: rounded(waitedMs) }),
    ...(upstreamMs !== undefined && { upstreamMs: rounded(upstreamMs) }),
  };
}

/** The id that an exemplar has instead of this one, if that is another. */
function cleaned(cncRequestId = ''): string[] {
  const id = exemplarIdOf(cncRequestId);
  return id === '' || id === cncRequestId ? [] : [id];
}

function rounded(ms: number): number {
  return Math.round(ms * 10) / 10;
}
