// Four gateway processes on one Redis, saturated on twenty interfaces, nothing going wrong.
import { setTimeout as pause } from 'node:timers/promises';
import t from 'tap';
import { assertExact, toLine } from './exactness.ts';
import { saturate } from './saturate.ts';
import { startSharedRedis } from './shared-redis.ts';

t.test('in twenty windows no window of any phase holds more than the quota', async (t) => {
  const outcome = await saturate({ windowMs: 3000, openRedis: startSharedRedis }, ({ windowMs }) =>
    pause(20 * windowMs),
  );
  t.comment(toLine(outcome));
  assertExact(t, outcome);
  t.equal(outcome.interfaces, 20);
});

// In a longer window, because what a process takes on a busy machine is the same in any window.
t.test('at least 98 % of what the round trips allow is used', async (t) => {
  const outcome = await saturate({ windowMs: 10_000, openRedis: startSharedRedis }, ({ windowMs }) =>
    pause(8 * windowMs),
  );
  t.comment(toLine(outcome));
  assertExact(t, outcome);
  t.ok(outcome.utilisation >= 0.98, `used ${outcome.utilisation}`);
});
