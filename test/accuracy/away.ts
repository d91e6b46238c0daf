import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import type { Answer } from './callers.ts';
import { chanceOf } from './chance.ts';
import type { GatewayProcess } from './fleet.ts';
import type { Outage } from './outages.ts';
import { MARGIN_MS, type Outcome, QUOTA, saturate } from './saturate.ts';
import { startSharedRedis } from './shared-redis.ts';

/**
 * A second of denials from memory, and the deadline of those that were being asked: then everybody knows. Replicas that go on alone
 * wait for two seconds, the deadline and one more, until it is sure that nobody is admitted by Redis any more.
 */
const NOTICED_MS = { closed: 1500, own: 5000 } as const;
const PROMPTLY_MS = 15_000;

/** What was seen of an outage. */
export interface Away {
  readonly outcome: Outcome;
  /** Of calls made after everybody had noticed and before the end, and what /readyz said meanwhile. */
  readonly during: readonly Answer[];
  readonly modes: ReadonlySet<string>;
  /** Units spent in that time, as part of what the round trips allow. */
  readonly used: number;
  /** What calls took which the gateways answered by themselves, of all that began in the outage; ascending. */
  readonly ownAnswersMs: readonly number[];
  /** The longest that this process and a gateway stood still meanwhile, because the machine had other things to do. */
  readonly stoodStillMs: number;
  /** From the end of the outage until every gateway said that it was ready; undefined if one never did. */
  readonly recoveredMs: number | undefined;
  readonly carriedAfterwards: number;
}

/** Saturates a fleet and takes Redis away for a number of windows. */
export async function saturateThrough(
  outage: Outage,
  options: { windowMs: number; windowsAway: number; whenDown: 'closed' | 'own' },
): Promise<Away> {
  const { windowMs, windowsAway, whenDown } = options;
  const chance = chanceOf(`${whenDown} ${outage.name}`);
  const modes = new Set<string>();
  let [began, ended, recoveredMs]: (number | undefined)[] = [];
  let all: readonly Answer[] = [];
  let stoodStillMs = 0;
  const outcome = await saturate({ ...options, openRedis: startSharedRedis }, async ({ redis, gateways, answers }) => {
    all = answers;
    await pause(2 * windowMs * (0.8 + chance() / 3));
    await longestLagMs(gateways);
    const ourLag = monitorEventLoopDelay({ resolution: 10 });
    ourLag.enable();
    await outage.begin(redis);
    began = performance.now();
    const end = began + windowsAway * windowMs;
    await pause(NOTICED_MS[whenDown]);
    while (performance.now() < end) {
      for (const mode of await modesOf(gateways)) modes.add(mode);
      await pause(200);
    }
    await outage.end(redis);
    ended = performance.now();
    stoodStillMs = ourLag.max / 1e6 + (await longestLagMs(gateways));
    recoveredMs = await untilReady(gateways, ended);
    await pause(2 * windowMs);
  });
  if (began === undefined || ended === undefined) throw new Error('there was no outage');
  const [begin, noticed, over] = [began, began + NOTICED_MS[whenDown], ended];
  const during = all.filter(({ sentAt, answeredAt }) => sentAt > noticed && answeredAt < over);
  const unitMs = windowMs + MARGIN_MS + outcome.meanUpstreamMs;
  return {
    outcome,
    during,
    modes,
    used: (countCarried(during) * unitMs) / (QUOTA.account * (over - noticed)),
    ownAnswersMs: all
      .filter(({ sentAt, gatewayError }) => sentAt > begin && sentAt < over && gatewayError !== '')
      .map(({ sentAt, answeredAt }) => answeredAt - sentAt)
      .sort((one, other) => one - other),
    stoodStillMs,
    recoveredMs,
    carriedAfterwards: countCarried(all.filter(({ sentAt }) => sentAt > over)),
  };
}

function countCarried(answers: readonly Answer[]): number {
  return answers.filter(({ status }) => status === 200).length;
}

/** Since it was last asked. */
async function longestLagMs(gateways: readonly GatewayProcess[]): Promise<number> {
  const lags = gateways.map(async (gateway) =>
    Number(/^nodejs_eventloop_lag_max_seconds (.*)$/m.exec(await gateway.metrics())?.[1]),
  );
  return 1000 * Math.max(...(await Promise.all(lags)));
}

function modesOf(gateways: readonly GatewayProcess[]): Promise<string[]> {
  return Promise.all(gateways.map(async (gateway) => (await gateway.mode()) ?? 'silent'));
}

async function untilReady(gateways: readonly GatewayProcess[], since: number): Promise<number | undefined> {
  while (performance.now() - since < PROMPTLY_MS) {
    if ((await modesOf(gateways)).every((mode) => mode === 'ready')) return performance.now() - since;
    await pause(20);
  }
  return undefined;
}
