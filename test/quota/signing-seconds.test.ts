import { ok } from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { SigningSeconds } from '../../src/quota/signing-seconds.ts';
import { createTurnedClock } from '../support/turned-clock.ts';

t.test('without a fingerprint the second is that of the clock, and never waits', async (t) => {
  t.strictSame(new SigningSeconds().propose(undefined, 5_999), { second: 5, waitMs: 0 });
});

t.test('a second that is proposed and not given is proposed again', async (t) => {
  const seconds = new SigningSeconds();

  t.equal(seconds.propose('f', 5_000).second, 5);
  t.equal(seconds.propose('f', 5_000).second, 5);
});

t.test('a wait ends at the first millisecond in which the second is at most 240 ahead', async (t) => {
  const seconds = new SigningSeconds();
  seconds.give('f', { second: 1_000, sendAt: 0, now: 0 });

  t.strictSame(seconds.propose('f', 760_999), { second: 1_001, waitMs: 1 });
  t.strictSame(seconds.propose('f', 761_000), { second: 1_001, waitMs: 0 });
});

const step = fc.record({
  gapMs: fc.oneof(fc.nat(1_500), fc.nat(1_000_000)),
  wallOffsetMs: fc.integer({ min: -600_000, max: 0 }),
  laterMs: fc.oneof(fc.constant(0), fc.nat(120_000)),
  fingerprint: fc.constantFrom('f', 'g'),
});

t.test('gives no second twice while it forgets old fingerprints and the wall clock steps by ten minutes', async (t) => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 5, maxLength: 50 }), (steps) => {
      const clock = createTurnedClock();
      const seconds = new SigningSeconds();
      const given = new Set<string>();
      for (const { gapMs, wallOffsetMs, laterMs, fingerprint } of steps) {
        clock.advance(gapMs);
        // Enough others for the map to be swept every few steps.
        const now = clock.monotonic();
        for (let n = 0; n < 300; n += 1) seconds.give(`other ${n} of ${now}`, { second: 0, sendAt: now, now });
        const wall = clock.wall() + wallOffsetMs;
        const sendAt = now + laterMs;
        const { second, waitMs } = seconds.propose(fingerprint, wall + laterMs);
        if (waitMs > 0) continue;
        seconds.give(fingerprint, { second, sendAt, now });
        ok(!given.has(`${fingerprint} ${second}`));
        given.add(`${fingerprint} ${second}`);
      }
    }),
  );
  t.pass();
});
