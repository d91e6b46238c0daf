import { hostname } from 'node:os';
import { LONGEST, type PastExchange } from '../lookup/past-exchange.ts';
import type { Clock } from '../quota/clock.ts';
import { type Ending, type Exchange, upstreamMsOf, waitedMsOf } from './exchange.ts';
import { exemplarIdOf } from './exemplar.ts';

/** Names this process among all replicas, for operators. */
export const REPLICA = `${hostname()}:${process.pid}`;

/**
 * Puts an exchange that is over into what may be told of it.
 *
 * @param when.at monotonic ms of its end
 */
export function toPastExchange(
  exchange: Exchange,
  { status }: Ending,
  { at, clock }: { at: number; clock: Clock },
): PastExchange {
  const { id, method, target, consumer, account, apiInterface, call, error } = exchange;
  const refusedCncRequestId = exchange.refusedCall?.cncRequestId;
  const exemplarIds = [call?.cncRequestId, refusedCncRequestId].flatMap(cleaned);
  return {
    time: new Date(clock.wall() - (clock.monotonic() - exchange.startedAt)).toISOString(),
    replica: REPLICA,
    reqId: id,
    cncRequestId: call?.cncRequestId,
    refusedCncRequestId,
    exemplarIds: exemplarIds.length > 0 ? exemplarIds : undefined,
    traceId: exchange.trace?.traceId,
    consumer: consumer?.name,
    account: account?.name,
    interface: apiInterface?.id.slice(0, LONGEST.interface),
    method: method.slice(0, 32),
    path: target?.path.slice(0, LONGEST.path),
    decision: call === undefined ? exchange.decision : 'admitted',
    reason: error?.code,
    outcome: call?.outcome,
    status,
    upstreamStatus: call?.status,
    durationMs: rounded(at - exchange.startedAt),
    waitedMs: rounded(waitedMsOf(exchange, at)),
    upstreamMs: rounded(call && upstreamMsOf(call)),
  };
}

/** The id that an exemplar has instead of this one, if that is another. */
function cleaned(cncRequestId = ''): string[] {
  const id = exemplarIdOf(cncRequestId);
  return id === '' || id === cncRequestId ? [] : [id];
}

function rounded(ms: number): number;
function rounded(ms: number | undefined): number | undefined;
function rounded(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : Math.round(ms * 10) / 10;
}
