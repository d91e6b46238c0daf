import { LONGEST } from '../lookup/past-exchange.ts';
import { type Ending, type Exchange, upstreamMsOf, waitedMsOf } from './exchange.ts';

/** It may name an interface, which may be as long as a target. */
const LONGEST_DETAIL = 512;

/**
 * What the log has of an exchange: never a query, a body or a header.
 *
 * @param at monotonic ms of its end
 */
export function logLine(exchange: Exchange, { status, left, remoteAddress }: Ending, at: number): object {
  const { call, error, claimed, consumer, trace } = exchange;
  return {
    reqId: exchange.id,
    req: { method: exchange.method, path: exchange.target?.path.slice(0, LONGEST.path), remoteAddress },
    res: { statusCode: status },
    consumer: consumer?.name,
    claimed: consumer === undefined ? claimed : undefined,
    account: exchange.account?.name,
    interface: exchange.apiInterface?.id.slice(0, LONGEST.interface),
    decision: call === undefined ? exchange.decision : 'admitted',
    reason: error?.code,
    detail: error?.message.slice(0, LONGEST_DETAIL),
    credential: call?.account.nextCredential && call.credential,
    outcome: call?.outcome,
    cncRequestId: call?.cncRequestId,
    refusedCncRequestId: exchange.refusedCall?.cncRequestId,
    traceId: trace?.traceId,
    spanId: trace?.spanId,
    quotaRemaining: call && Math.min(...call.states.map(({ remaining }) => remaining)),
    upstreamStatus: call?.status,
    responseTime: at - exchange.startedAt,
    waitedMs: waitedMsOf(exchange, at),
    upstreamTime: call && upstreamMsOf(call),
    left: left || undefined,
    truncated: exchange.truncated,
    err: error?.cause,
  };
}

/** A refusal by the gateway is the caller's to mend; a fault of the vendor or of ours is an operator's. */
export function levelOf({ error, truncated }: Exchange): 'info' | 'warn' | 'error' {
  if (error?.code === 'internal') return 'error';
  return truncated || error?.code.startsWith('upstream-') || error?.code.endsWith('-unavailable') ? 'warn' : 'info';
}
