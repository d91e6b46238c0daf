import { deepStrictEqual } from 'node:assert/strict';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import t from 'tap';
import { createMemoryStore } from '../../src/quota/memory-store.ts';
import type { QuotaStore } from '../../src/quota/store.ts';
import { history, play } from '../conformance/history.ts';
import { charge, permitOf, request, type TurnedStore } from '../conformance/turned-store.ts';
import { ReferenceStore } from '../support/reference-store.ts';
import { createTurnedClock, type TurnedClock } from '../support/turned-clock.ts';

t.test('decides every history as the plain reading of the contract does', async (t) => {
  const decided = { allowed: 0, reserved: 0, denied: 0 };
  await fc.assert(
    fc.asyncProperty(history, async (steps) => {
      const observed = await play(
        steps,
        turned((clock) => createMemoryStore(clock)),
      );
      const expected = await play(
        steps,
        turned((clock) => new ReferenceStore(clock)),
      );
      deepStrictEqual(observed, expected);
      for (const said of observed) {
        if (!('allowed' in said)) continue;
        decided[said.allowed ? (said.waitMs > 0 ? 'reserved' : 'allowed') : 'denied'] += 1;
      }
    }),
    { numRuns: 900 },
  );
  t.ok(Math.min(...Object.values(decided)) > 1_000, `histories meet every decision: ${JSON.stringify(decided)}`);
});

t.test('a new partition is counted from its first unit, however many others there are', async (t) => {
  const store = createMemoryStore(createTurnedClock());
  const single = (n: number) =>
    request({ charges: [charge(`account ${n}`, [{ quota: 1 }]), charge(`interface ${n}`, [{ quota: 1 }])] });

  for (let n = 0; n < 5_000; n += 1) await permitOf(store, single(n));

  const decisions = await Promise.all(Array.from({ length: 5_000 }, (_, n) => store.admit(single(n))));
  t.notOk(decisions.some(({ allowed, states }) => allowed || states.some(({ remaining }) => remaining > 0)));
});

t.test('what is over takes no memory: partitions, blocks, permits that nobody closes, fingerprints', async (t) => {
  const clock = createTurnedClock();
  const store = createMemoryStore(clock);
  const before = heapBytes();

  for (let n = 0; n < 100_000; n += 1) {
    await store.block({ account: 'main', partition: `blocked ${n}`, forMs: 1_000 });
    await permitOf(store, request({ charges: [charge(`partition ${n}`)], fingerprint: `fingerprint ${n}` }));
    clock.advance(1_000);
  }

  t.ok(heapBytes() - before < 8_000_000);
  await permitOf(store);
});

function turned(makeStore: (clock: TurnedClock) => QuotaStore): TurnedStore {
  const clock = createTurnedClock();
  return {
    store: makeStore(clock),
    advance: async (ms) => clock.advance(ms),
    stepWall: async (ms) => clock.stepWall(ms),
  };
}

function heapBytes(): number {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  return process.memoryUsage().heapUsed;
}
