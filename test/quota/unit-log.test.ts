import { deepStrictEqual, ok } from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { type Unit, UnitLog } from '../../src/quota/unit-log.ts';

const LONGEST_MS = 200;

const step = fc.record({
  kind: fc.constantFrom('add', 'add', 'add', 'shorten', 'remove'),
  gapMs: fc.oneof({ weight: 5, arbitrary: fc.nat(3) }, { weight: 1, arbitrary: fc.nat(30) }),
  leaseMs: fc.oneof({ weight: 4, arbitrary: fc.constant(60) }, { weight: 1, arbitrary: fc.nat(90) }),
  nth: fc.nat(100),
  tag: fc.constantFrom('a', 'b'),
});

t.test('holds what a sorted list holds, for the longest window, and at most twice as much', async (t) => {
  let longest = 0;
  fc.assert(
    fc.property(fc.array(step, { maxLength: 1_000, size: 'max' }), (steps) => {
      const log = new UnitLog();
      log.keep(LONGEST_MS);
      log.keep(LONGEST_MS / 2);
      const units: Unit[] = [];
      let now = 0;
      let mostCharged = 0;
      for (const { kind, gapMs, leaseMs, nth, tag } of steps) {
        now += gapMs;
        const inFlight = units.filter(({ lastSeen }) => lastSeen > now);
        const picked = inFlight[nth % inFlight.length];
        if (kind === 'add') {
          const unit = { lastSeen: now + leaseMs, tag };
          log.add(unit, now);
          units.push(unit);
        } else if (picked !== undefined && kind === 'shorten') {
          log.shorten(picked, now);
          units.splice(units.indexOf(picked), 1, { ...picked, lastSeen: now });
        } else if (picked !== undefined) {
          log.remove(picked);
          units.splice(units.indexOf(picked), 1);
        }
        const charged = units.filter(({ lastSeen }) => lastSeen + LONGEST_MS > now).sort(byInstant);
        const { length } = log.lastSeen;
        deepStrictEqual(
          log.lastSeen.slice(length - charged.length),
          charged.map(({ lastSeen }) => lastSeen),
        );
        deepStrictEqual(
          log
            .charged(now)
            .map(({ ageMs, tag }) => ({ lastSeen: now - ageMs, tag }))
            .sort(byInstant),
          charged,
        );
        ok(log.isOver(now) === (charged.length === 0));
        mostCharged = Math.max(mostCharged, charged.length);
        ok(length <= Math.max(64, 2 * mostCharged), `${length} entries for ${mostCharged} charged`);
        longest = Math.max(longest, length);
      }
      deepStrictEqual(
        log.lastSeen,
        [...log.lastSeen].sort((a, b) => a - b),
      );
    }),
    { numRuns: 200 },
  );
  t.ok(longest > 64, 'some histories outgrow the smallest log');
});

t.test('is not over while it is blocked', async (t) => {
  const log = new UnitLog();
  log.blockUntil(50);
  log.blockUntil(20);

  t.equal(log.blockedUntil, 50);
  t.notOk(log.isOver(49));
  t.ok(log.isOver(50));
});

function byInstant(one: Unit, other: Unit): number {
  return one.lastSeen - other.lastSeen || one.tag.charCodeAt(0) - other.tag.charCodeAt(0);
}
