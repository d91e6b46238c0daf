import type { Logger } from 'pino';
import { type OpenMetricsContentType, Registry } from 'prom-client';
import type { NotIdentified } from '../identify/presented.ts';
import { LONGEST } from '../lookup/past-exchange.ts';
import type { Outcome } from '../quota/gate.ts';
import type { OnStoreCall } from '../quota/store-timing.ts';
import { REFUSALS, UPSTREAM_ERRORS, upstreamReason } from './call-faults.ts';
import { type Ending, type Exchange, type UpstreamCall, upstreamMsOf, waitedMsOf } from './exchange.ts';
import { exemplarOf } from './exemplar.ts';
import { levelOf, logLine } from './log-line.ts';
import { createSparing } from './sparing.ts';
import { createMetrics } from './telemetry-metrics.ts';
import { createTracing, type Tracing } from './tracing.ts';
import type { CallEnd } from './upstreams.ts';

/** What becomes known of an exchange at its start. */
type Traced = ReturnType<Tracing['begin']>;

/** Everything that is told to the world about exchanges: one log line each, and metrics whose labels come from config and catalogue. */
export interface Telemetry {
  readonly registry: Registry<OpenMetricsContentType>;
  /** Exchanges that have begun, and whose end has not been told of. */
  inFlight(): number;
  /**
   * Tells of those that have ended in this turn of the event loop: by itself, once it is over, because in a row an exchange needs some
   * 10 us of CPU less under load; but a process that ends at once has no end of a turn.
   */
  tell(): void;
  begin(request: Parameters<Tracing['begin']>[0]): Traced;
  /** One begins whose head can't be read. */
  beginUnread(): void;
  /** The response is over; waits for the upstream call, if its outcome isn't known yet, and then for the turn's end. */
  end(exchange: Exchange, ending: Ending): void;
  /** An upstream call came to its end, with or without an answer. */
  called(call: UpstreamCall, end: CallEnd, outcome: Outcome): void;
  /** A consumer that tried again too early was refused without asking the store. */
  deniedLocally(): void;
  /** A request could not say who it is. */
  authenticationFailed(failure: Pick<NotIdentified, 'scheme' | 'reason'>, exchange: Exchange): void;
  /** A failure that no request can be answered with. */
  storeFailed(error: unknown): void;
  /** The store was asked. */
  readonly storeCalled: OnStoreCall;
  /** Accounts are configured: a first refusal of each should be seen as an increase. */
  configured(accounts: Iterable<string>): void;
}

const STORE_LINE_EVERY_MS = 10_000;

/**
 * @param options.now monotonic ms
 * @param options.wall ms since the epoch
 * @param options.onExchange told of each exchange once it is over, and when that was (monotonic ms)
 */
export function createTelemetry(options: {
  log: Logger;
  version: string;
  now: () => number;
  wall: () => number;
  onExchange?: (exchange: Exchange, ending: Ending, at: number) => void;
}): Telemetry {
  const { log, version, now, wall, onExchange } = options;
  const registry = new Registry<OpenMetricsContentType>();
  registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  const metrics = createMetrics(registry, wall);
  metrics.buildInfo.set({ version, node: process.version }, 1);
  const tracing = createTracing();
  const sparing = createSparing({ now, everyMs: STORE_LINE_EVERY_MS });
  let inFlight = 0;

  /** What has ended in this turn of the event loop. */
  let ended: [Exchange, Ending, number][] = [];

  function tell(): void {
    const told = ended;
    ended = [];
    // Not before: nothing is closed until all is told.
    inFlight -= told.length;
    for (const [exchange, ending, at] of told) observe(exchange, ending, at);
  }

  function observe(exchange: Exchange, ending: Ending, at: number): void {
    const { status } = ending;
    const { call, error, consumer, account, apiInterface } = exchange;
    const seconds = (at - exchange.startedAt) / 1000;
    const waitedMs = waitedMsOf(exchange, at);
    const labels = { account: account?.name ?? 'none', interface: apiInterface?.label ?? 'none' };
    const exemplarLabels = exemplarOf({ cncRequestId: call?.cncRequestId, traceId: exchange.trace?.traceId });
    metrics.requests.inc({
      labels: { ...labels, consumer: consumer?.name ?? 'none', status, reason: error?.code ?? 'none' },
      exemplarLabels,
    });
    metrics.requestDuration.observe({ labels: { interface: labels.interface }, value: seconds, exemplarLabels });
    // Of a second call it would hold the whole of the first.
    if (call?.writtenAt !== undefined && exchange.refusedCall === undefined) {
      const receivedAt = exchange.receivedAt ?? exchange.startedAt;
      const overheadMs = Math.max(0, call.writtenAt - receivedAt - (waitedMs ?? 0));
      metrics.overheadDuration.observe({ labels: {}, value: overheadMs / 1000 });
    }
    if (waitedMs !== undefined) {
      metrics.waitDuration.observe({ labels: { interface: labels.interface }, value: waitedMs / 1000 });
    }
    for (const { name, violated } of error?.details.states ?? []) {
      if (!violated) continue;
      metrics.decisions.inc({
        labels: { account: labels.account, policy: name, decision: 'denied' },
        exemplarLabels,
      });
    }
    log[levelOf(exchange)](logLine(exchange, ending, at), 'request completed');
    onExchange?.(exchange, ending, at);
  }

  function answered(call: UpstreamCall, { statusCode: status, headers }: Exclude<CallEnd, Error>): void {
    // Sent twice, the first stands for both.
    const [id] = [headers['x-cnc-request-id']].flat();
    call.answeredAt = now();
    call.status = status;
    // An empty one leads to nothing.
    if (id) call.cncRequestId = id.slice(0, LONGEST.id);
    const exemplarLabels = exemplarOf({ cncRequestId: call.cncRequestId, traceId: call.exchange.trace?.traceId });
    const value = (upstreamMsOf(call) ?? 0) / 1000;
    metrics.upstreamDuration.observe({ labels: { interface: call.label, status }, value, exemplarLabels });
    const reason = REFUSALS.get(status);
    if (reason !== undefined) {
      metrics.vendorRefusals.inc({
        labels: { account: call.account.name, interface: call.label, reason },
        exemplarLabels,
      });
    }
  }

  return {
    registry,
    inFlight: () => inFlight,
    tell,
    begin(request) {
      inFlight++;
      return tracing.begin(request);
    },
    beginUnread() {
      inFlight++;
    },
    end(exchange, ending) {
      const { call } = exchange;
      const finish = () => {
        exchange.stay?.end();
        if (exchange.span !== undefined) tracing.end(exchange.span, exchange, ending.status);
        if (ended.length === 0) setImmediate(tell);
        // A copy: what fails after its end is not what it ended with.
        ended.push([{ ...exchange }, ending, now()]);
      };
      if (call === undefined || call.outcome !== undefined) finish();
      else call.onSettled = finish;
    },
    called(call, end, outcome) {
      call.outcome = outcome.kind;
      const account = call.account.name;
      for (const { name } of call.states) {
        metrics.decisions.inc({ labels: { account, policy: name, decision: 'admitted' } });
      }
      metrics.settlements.inc({ labels: { account, outcome: outcome.kind } });
      if (end instanceof Error) {
        metrics.upstreamErrors.inc({ labels: { account, reason: upstreamReason(call, end) } });
      } else {
        answered(call, end);
      }
      call.onSettled?.();
    },
    deniedLocally() {
      metrics.localDenials.inc({ labels: {} });
    },
    authenticationFailed({ scheme, reason }, { trace }) {
      metrics.authenticationFailures.inc({
        labels: { scheme, reason },
        exemplarLabels: exemplarOf({ traceId: trace?.traceId }),
      });
    },
    storeFailed(error) {
      sparing(reasonOf(error), (count) => log.error({ err: error, count }, 'quota store failed'));
    },
    storeCalled(operation, result, ms) {
      metrics.storeDuration.observe({ labels: { operation, result }, value: ms / 1000 });
    },
    configured(accounts) {
      for (const account of accounts) {
        for (const reason of UPSTREAM_ERRORS) metrics.upstreamErrors.inc({ labels: { account, reason }, value: 0 });
        for (const reason of new Set(REFUSALS.values())) {
          metrics.vendorRefusals.inc({ labels: { account, interface: 'other', reason }, value: 0 });
        }
      }
    },
  };
}

/** An outage fails every call and every beat; each reason is told of once in a while. Another figure in it is no other reason. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return String(cause).replace(/\d+/g, '#');
}
