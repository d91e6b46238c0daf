import type { Test } from 'tap';
import { consumerTag } from '../../src/quota/consumer-tag.ts';
import {
  charge,
  denied,
  LEASE_MS,
  MARGIN_MS,
  type MakeStore,
  permitOf,
  request,
  spend,
  usageOf,
  WINDOW_MS,
} from './turned-store.ts';

const ann = consumerTag('ann');
const bob = consumerTag('bob');

/** What a store tells of who spent what, and of itself. */
export function usagePromises(t: Test, makeStore: MakeStore): void {
  t.test('usage of an account that nobody used is empty', async (t) => {
    const { store } = await makeStore(t);
    await spend(store, 1, request({ account: 'other' }));

    t.strictSame(await usageOf(store), []);
  });

  t.test(
    'usage tells each unit of each partition: whose it is, and since when the vendor may have seen it',
    async (t) => {
      const { store, advance } = await makeStore(t);
      const charges = [charge('account'), charge('interface')];
      await spend(store, 1, request({ charges, consumer: 'ann' }));
      await advance(1_000);
      await permitOf(store, request({ consumer: 'bob' }));
      await advance(500);

      t.strictSame(await usageOf(store), [
        {
          partition: 'account',
          units: [
            { tag: ann, ageMs: 1_500 },
            { tag: bob, ageMs: 500 - LEASE_MS },
          ],
          blockedForMs: 0,
        },
        { partition: 'interface', units: [{ tag: ann, ageMs: 1_500 }], blockedForMs: 0 },
      ]);
    },
  );

  t.test('usage tells a reserved unit from the start', async (t) => {
    const { store } = await makeStore(t);
    await spend(store, 3, request({ consumer: 'ann' }));
    const waitMs = WINDOW_MS + MARGIN_MS;
    await permitOf(store, request({ consumer: 'bob', maxWaitMs: waitMs }));

    const units = (await usageOf(store))[0]?.units;

    t.strictSame(units?.[3], { tag: bob, ageMs: -waitMs - LEASE_MS });
  });

  t.test('a denial is not told', async (t) => {
    const { store } = await makeStore(t);
    await spend(store, 3);
    const before = await usageOf(store);
    await denied(store, request({ charges: [charge('account'), charge('interface')] }));

    t.strictSame(await usageOf(store), before);
  });

  t.test('settling and refunding move the unit of the permit, also among units of one instant', async (t) => {
    const { store, advance } = await makeStore(t);
    const charges = [charge('account', [{ quota: 9 }])];
    const permits = [];
    for (const consumer of ['ann', 'bob', 'ann', 'bob']) {
      permits.push(await permitOf(store, request({ charges, consumer })));
    }
    const [first, second] = permits;
    await advance(700);
    if (first !== undefined) await store.refund(first);
    if (second !== undefined) await store.settle(second);

    t.strictSame((await usageOf(store))[0]?.units, [
      { tag: bob, ageMs: 0 },
      ...[ann, bob].sort().map((tag) => ({ tag, ageMs: 700 - LEASE_MS })),
    ]);
  });

  t.test('usage covers the longest window of a partition and its margin, and no more', async (t) => {
    const { store, advance } = await makeStore(t);
    const charges = [charge('account', [{ windowMs: 1_000 }, { windowMs: 60_000 }])];
    await spend(store, 1, request({ charges, consumer: 'ann' }));

    await advance(60_000 + MARGIN_MS - 1);
    t.match(await usageOf(store), [{ units: [{ tag: ann, ageMs: 60_000 + MARGIN_MS - 1 }] }]);
    await advance(1);
    t.strictSame(await usageOf(store), []);
  });

  t.test('usage tells how long a partition is still blocked, also one with nothing charged', async (t) => {
    const { store, advance } = await makeStore(t);
    await store.block({ account: 'main', partition: 'interface', forMs: 5_000 });
    await advance(2_000);
    t.strictSame(await usageOf(store), [{ partition: 'interface', units: [], blockedForMs: 3_000 }]);

    await advance(3_000);
    t.strictSame(await usageOf(store), []);
  });

  t.test('a store that decides says that it is ready', async (t) => {
    const { store } = await makeStore(t);
    await spend(store, 1);

    t.equal(store.mode(), 'ready');
  });
}
