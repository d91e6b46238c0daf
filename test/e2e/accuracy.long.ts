// A few windows of the accuracy run, which is `npm run test:accuracy`: four gateway processes on one Redis, the sandbox as judge.
import { setTimeout as pause } from 'node:timers/promises';
import t from 'tap';
import { assertAway } from '../accuracy/assert-away.ts';
import { saturateThrough } from '../accuracy/away.ts';
import { chanceOf, SEED } from '../accuracy/chance.ts';
import { assertExact, toLine } from '../accuracy/exactness.ts';
import { faultNamed } from '../accuracy/faults.ts';
import { outageNamed } from '../accuracy/outages.ts';
import { saturate } from '../accuracy/saturate.ts';
import { startSharedRedis } from '../accuracy/shared-redis.ts';

t.comment(`ACCURACY_SEED=${SEED}`);

t.test('four saturated gateways that lose their Redis data never overspend, and go on', async (t) => {
  const chance = chanceOf('data loss');
  const outcome = await saturate({ windowMs: 1500, openRedis: startSharedRedis }, async (saturated) => {
    for (const name of ['FLUSHALL', 'Redis killed and started again without its data']) {
      await pause(2000 + chance() * 1000);
      await faultNamed(name).strike(saturated, chance);
      await pause(2000);
    }
  });
  t.comment(toLine(outcome));
  assertExact(t, outcome);
  t.ok(outcome.utilisation > 0.3, `used ${outcome.utilisation}`);
});

t.test('four saturated gateways that Redis has left reuse what they held, and come back all together', async (t) => {
  const outage = outageNamed('cut off, and back with all that it knew');
  const away = await saturateThrough(outage, { windowMs: 1500, windowsAway: 5, whenDown: 'own' });
  t.comment(toLine(away.outcome));
  assertAway(t, away, { whenDown: 'own', leastUsed: 0.1 });
});
