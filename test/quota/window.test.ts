import fc from 'fast-check';
import t from 'tap';
import type { QuotaPolicy } from '../../src/quota/store.ts';
import { firstAfter, policyState, type Reading, waitForUnitMs } from '../../src/quota/window.ts';

const policy: fc.Arbitrary<QuotaPolicy> = fc.record({
  name: fc.constant('account'),
  quota: fc.integer({ min: 1, max: 12 }),
  windowMs: fc.integer({ min: 1, max: 50 }),
});
const reading: fc.Arbitrary<Reading> = fc.record({
  lastSeen: fc.array(fc.nat(150), { maxLength: 20 }).map((instants) => instants.sort((a, b) => a - b)),
  blockedUntil: fc.oneof(fc.constant(Number.NEGATIVE_INFINITY), fc.nat(200)),
  marginMs: fc.nat(5),
  now: fc.constant(100),
});

t.test('the first instant after another is found as by looking at each', async (t) => {
  fc.assert(
    fc.property(reading, fc.nat(160), ({ lastSeen }, at) => {
      const index = lastSeen.findIndex((instant) => instant > at);
      return firstAfter(lastSeen, at) === (index < 0 ? lastSeen.length : index);
    }),
  );
  t.pass();
});

t.test('the wait for a unit is the shortest that any trial finds', async (t) => {
  fc.assert(
    fc.property(policy, reading, (policy, reading) => {
      let waitMs = 0;
      while (!hasUnit(policy, { ...reading, now: reading.now + waitMs })) waitMs += 1;
      return waitForUnitMs(policy, reading) === waitMs;
    }),
    { numRuns: 1_000 },
  );
  t.pass();
});

t.test('what remains is what the charged units leave, and nothing while blocked', async (t) => {
  fc.assert(
    fc.property(policy, reading, fc.boolean(), (policy, reading, allowed) => {
      const { remaining, violated } = policyState(policy, reading, { allowed });
      const expected = hasUnit(policy, reading) ? policy.quota - charged(policy, reading).length : 0;
      return remaining === expected && violated === (expected === 0 && !allowed);
    }),
    { numRuns: 1_000 },
  );
  t.pass();
});

t.test('a reset is the wait for a unit, or else when the oldest comes back if all were answered by now', async (t) => {
  fc.assert(
    fc.property(policy, reading, (policy, reading) => {
      const { resetMs, remaining } = policyState(policy, reading, { allowed: true });
      if (remaining === 0) return resetMs === waitForUnitMs(policy, reading);
      const comeBack = charged(policy, reading).map(
        (lastSeen) => Math.min(lastSeen, reading.now) + policy.windowMs + reading.marginMs - reading.now,
      );
      return resetMs === (comeBack.length === 0 ? 0 : Math.min(...comeBack));
    }),
    { numRuns: 1_000 },
  );
  t.pass();
});

t.test('a quota of less than one unit, which no configuration allows, admits nobody', async (t) => {
  const nothing = { name: 'account', quota: 0, windowMs: 10 };
  const empty = { lastSeen: [], blockedUntil: Number.NEGATIVE_INFINITY, marginMs: 0, now: 100 };

  t.equal(waitForUnitMs(nothing, empty), Number.POSITIVE_INFINITY);
});

function hasUnit(policy: QuotaPolicy, reading: Reading): boolean {
  return reading.blockedUntil <= reading.now && charged(policy, reading).length < policy.quota;
}

function charged({ windowMs }: QuotaPolicy, { lastSeen, marginMs, now }: Reading): readonly number[] {
  return lastSeen.filter((instant) => instant + windowMs + marginMs > now);
}
