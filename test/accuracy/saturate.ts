import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import { type Answer, startCallers } from './callers.ts';
import { type Fleet, type GatewayProcess, startFleet } from './fleet.ts';
import type { FleetRedis } from './shared-redis.ts';
import { mean, utilisation } from './utilisation.ts';

const REPLICAS = 4;
const INTERFACES = 20;
/**
 * Five busy interfaces want more than all of the account, and 20 × 6 is twice what it has: so the account is spent all the time,
 * and the busy interfaces are spent most of it.
 */
export const QUOTA = { account: 60, interface: 6 } as const;
/** Of each window; the vendor counts in ms here, so no second has to be covered. */
export const MARGIN_MS = 50;
export const DEADLINE_MS = 500;

/** A saturated fleet, while it runs. */
export interface Saturated<Redis extends FleetRedis> {
  readonly redis: Redis;
  readonly gateways: readonly GatewayProcess[];
  readonly windowMs: number;
  readonly answers: readonly Answer[];
}

/** What the vendor and the callers saw. */
export interface Outcome {
  readonly arrivals: number;
  readonly worstOfAccount: number;
  readonly worstOfInterface: number;
  readonly interfaces: number;
  readonly throttled: number;
  readonly refused: Readonly<Record<string, number>>;
  /** Of carried calls, as their callers saw them, and as the gateways saw the vendor: from the first byte to the head. */
  readonly meanRoundTripMs: number;
  readonly meanUpstreamMs: number;
  /** What was used of what the vendor's round trips allow: what the gateway itself takes counts as lost. */
  readonly utilisation: number;
  /** By status and `x-gateway-error`. */
  readonly answers: Readonly<Record<string, number>>;
  readonly complaints: string;
}

/**
 * Runs four gateways on one Redis, with a vendor that answers after anything from nothing to a third of a window, and callers that
 * ask for more than there is. Ends when `meanwhile` does.
 *
 * @param options.openRedis opens what the gateways share; it is closed at the end
 */
export async function saturate<Redis extends FleetRedis>(
  options: { windowMs: number; openRedis: () => Promise<Redis>; whenDown?: 'closed' | 'own' },
  meanwhile: (saturated: Saturated<Redis>) => Promise<void>,
): Promise<Outcome> {
  const { windowMs, openRedis, whenDown = 'closed' } = options;
  const sandbox = await startSandbox({ quota: { ...QUOTA, windowMs } });
  sandbox.behave({ jitterMs: windowMs / 3 });
  const redis = await openRedis();
  const fleet = await startFleet(REPLICAS, {
    ...QUOTA,
    origin: sandbox.origin,
    redis: redis.place,
    windowMs,
    marginMs: MARGIN_MS,
    upstreamTimeoutMs: Math.ceil(windowMs / 3) + 1000,
    whenDown,
    deadlineMs: DEADLINE_MS,
    wait: '0s',
  });
  const { gateways } = fleet;
  const callers = startCallers(
    gateways.map(({ url }) => url),
    getPaths().slice(0, INTERFACES),
  );
  const { answers } = callers;
  try {
    // The first second is left out of the figures: connections are opened in it.
    await pause(1000);
    const from = performance.now();
    await meanwhile({ redis, gateways, windowMs, answers });
    const to = performance.now();
    await callers.stop();
    const report = sandbox.report();
    const interfaces = Object.values(report.interfaces).flatMap((byId) => Object.values(byId));
    const carried = answers.filter(({ status }) => status === 200);
    const sentAt = carried.map((answer) => answer.sentAt).filter((at) => at >= from && at < to);
    const roundTripMs = await meanUpstreamMs(fleet);
    return {
      arrivals: report.verified,
      worstOfAccount: Math.max(0, ...Object.values(report.accounts).map(({ worstWindow }) => worstWindow)),
      worstOfInterface: Math.max(0, ...interfaces.map(({ worstWindow }) => worstWindow)),
      interfaces: interfaces.length,
      throttled: report.throttled,
      refused: report.refused,
      meanRoundTripMs: mean(carried.map((answer) => answer.answeredAt - answer.sentAt)),
      meanUpstreamMs: roundTripMs,
      utilisation: utilisation(sentAt, { quota: QUOTA.account, windowMs, marginMs: MARGIN_MS, roundTripMs }),
      answers: countByKind(answers),
      complaints: gateways.map(({ complaints }) => complaints()).join(''),
    };
  } finally {
    await callers.stop();
    await fleet.stop();
    await redis.close();
    await sandbox.close();
  }
}

async function meanUpstreamMs({ gateways }: Fleet): Promise<number> {
  const metrics = (await Promise.all(gateways.map((gateway) => gateway.metrics()))).join('\n');
  const sumOf = (what: 'sum' | 'count') =>
    [...metrics.matchAll(new RegExp(`^cdnetworks_gateway_upstream_duration_seconds_${what}{.*} (.*)$`, 'gm'))]
      .map(([, value]) => Number(value))
      .reduce((sum, value) => sum + value, 0);
  return (1000 * sumOf('sum')) / sumOf('count');
}

function countByKind(answers: readonly Answer[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { status, gatewayError } of answers) {
    const kind = `${status} ${gatewayError}`.trim();
    counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return counts;
}

/** Interfaces of the catalogue that are called without a body. */
function getPaths(): readonly string[] {
  const file = readFileSync(new URL('../../config/interfaces.json', import.meta.url), 'utf8');
  const entries = JSON.parse(file) as { method: string; uri: string }[];
  return entries.filter(({ method, uri }) => method === 'GET' && !uri.includes('*')).map(({ uri }) => uri);
}
