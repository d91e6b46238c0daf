// The same under every fault of the store, twice in each run, at random moments.
import { setTimeout as pause } from 'node:timers/promises';
import t from 'tap';
import { type Chance, chanceOf, SEED } from './chance.ts';
import { assertExact, toLine } from './exactness.ts';
import { CLUSTER_FAULTS, FAULTS, type Fault } from './faults.ts';
import { type Outcome, QUOTA, saturate } from './saturate.ts';
import { startSharedCluster } from './shared-cluster.ts';
import { type FleetRedis, startSharedRedis } from './shared-redis.ts';

const WINDOW_MS = 3000;
const WINDOWS = 20;
/** A fault, and the time to get over it, in each half. */
const HALF_MS = (WINDOWS * WINDOW_MS) / 2;
const EARLIEST_MS = 2 * WINDOW_MS;
const LATEST_MS = 4 * WINDOW_MS;

async function twice(strike: () => Promise<void>, chance: Chance): Promise<void> {
  for (const _half of ['first', 'second']) {
    const over = pause(HALF_MS);
    await pause(EARLIEST_MS + chance() * (LATEST_MS - EARLIEST_MS));
    await strike();
    await over;
  }
}

/** What a run lost against one without faults, in arrivals and in windows of the account's quota for each fault. */
function toRow(name: string, outcome: Outcome, without: number): string {
  const lost = without - outcome.arrivals;
  return [
    name.padEnd(52),
    String(outcome.arrivals).padStart(8),
    `${outcome.worstOfAccount} / ${outcome.worstOfInterface}`.padStart(10),
    `${((100 * lost) / without).toFixed(1)} %`.padStart(8),
    (lost / QUOTA.account / 2).toFixed(2).padStart(10),
  ].join(' ');
}

const rows: string[] = [];
let without = 0;

function tryFault<Redis extends FleetRedis>(fault: Fault<Redis>, openRedis: () => Promise<Redis>): void {
  const chance = chanceOf(fault.name);
  t.test(`${fault.name}: no window holds more than the quota, and the vendor refuses nothing`, async (t) => {
    const outcome = await saturate({ windowMs: WINDOW_MS, openRedis }, (saturated) =>
      twice(() => fault.strike(saturated, chance), chance),
    );
    t.comment(toLine(outcome));
    assertExact(t, outcome);
    rows.push(toRow(fault.name, outcome, without));
  });
}

t.comment(`ACCURACY_SEED=${SEED}`);

t.test('without a fault', async (t) => {
  const outcome = await saturate({ windowMs: WINDOW_MS, openRedis: startSharedRedis }, () =>
    pause(WINDOWS * WINDOW_MS),
  );
  t.comment(toLine(outcome));
  assertExact(t, outcome);
  without = outcome.arrivals;
  rows.push(toRow('none', outcome, without));
});

const wanted = process.env['ACCURACY_FAULT'] ?? '';
for (const fault of FAULTS.filter(({ name }) => name.includes(wanted))) {
  tryFault(fault, () => startSharedRedis({ clock: fault.stepsClock ? 'stepped' : 'real' }));
}
for (const fault of CLUSTER_FAULTS.filter(({ name }) => name.includes(wanted))) tryFault(fault, startSharedCluster);

t.teardown(() => {
  const head = `${'fault, twice in a run of 20 windows'.padEnd(52)} arrivals      worst     lost windows lost a fault`;
  for (const row of [head, ...rows]) t.comment(row);
});
