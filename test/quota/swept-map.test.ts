import { ok } from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { SweptMap } from '../../src/quota/swept-map.ts';

t.test('never forgets what is alive, and holds at most twice that', async (t) => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 3_000 }), { minLength: 1, maxLength: 5 }), (lifetimes) => {
      const map = new SweptMap<number, number>();
      let looks = 0;
      let now = 0;
      let mostAlive = 0;
      for (const lifetime of lifetimes) {
        mostAlive = Math.max(mostAlive, lifetime);
        for (let n = 0; n < 5_000; n += 1) {
          now += 1;
          map.sweep((until) => {
            looks += 1;
            return until <= now;
          });
          map.set(now, now + lifetime);
          ok(map.size <= Math.max(1_024, 2 * mostAlive));
        }
        for (let age = 0; age < Math.min(lifetime, 5_000); age += 1) ok(map.has(now - age));
      }
      ok(looks <= 2 * now + 1_024, 'each entry added costs about two looks');
    }),
    { numRuns: 20 },
  );
  t.pass();
});

t.test('is left alone while it is small', async (t) => {
  const map = new SweptMap(Array.from({ length: 1_023 }, (_, n) => [n, n] as const));

  map.sweep(() => true);
  t.equal(map.size, 1_023);

  map.set(1_023, 1_023);
  map.sweep(() => true);
  t.equal(map.size, 0);
});
