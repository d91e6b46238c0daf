import type { Test } from 'tap';
import { admitted, charge, denied, MARGIN_MS, type MakeStore, request, spend, WINDOW_MS } from './turned-store.ts';

const blocked = { account: 'main', partition: 'interface' };
const both = request({ charges: [charge('account'), charge('interface')] });

/** What follows when the vendor itself said stop. */
export function blockPromises(t: Test, makeStore: MakeStore): void {
  t.test('a blocked partition admits nobody until the block ends, and then as before', async (t) => {
    const { store, advance } = await makeStore(t);
    await store.block({ ...blocked, forMs: 5_000 });
    const refused = await denied(store, both);
    t.equal(refused.waitMs, 5_000);
    t.match(refused.states, [
      { remaining: 3, violated: false },
      { remaining: 0, violated: true, resetMs: 5_000 },
    ]);

    await advance(4_999);
    t.equal((await denied(store, both)).waitMs, 1);
    await advance(1);
    t.match((await admitted(store, both)).states, [{ remaining: 2 }, { remaining: 2 }]);
  });

  t.test('of two blocks the one that ends later holds', async (t) => {
    const { store, advance } = await makeStore(t);
    await store.block({ ...blocked, forMs: 5_000 });
    await store.block({ ...blocked, forMs: 1_000 });
    t.equal((await denied(store, both)).waitMs, 5_000);

    await advance(4_000);
    await store.block({ ...blocked, forMs: 3_000 });
    t.equal((await denied(store, both)).waitMs, 3_000);
  });

  t.test('a block closes one partition of one account', async (t) => {
    const { store } = await makeStore(t);
    await store.block({ ...blocked, forMs: 5_000 });

    await admitted(store, request());
    await admitted(store, request({ charges: [charge('other interface')] }));
    await admitted(store, { ...both, account: 'other' });
  });

  t.test('a blocked partition admits nobody, also when no policy limits it', async (t) => {
    const { store, advance } = await makeStore(t);
    const unlimited = request({ charges: [charge('account'), charge('interface', [])] });
    await admitted(store, unlimited);
    await store.block({ ...blocked, forMs: 5_000 });
    t.equal((await denied(store, unlimited)).waitMs, 5_000);

    await advance(5_000);
    await admitted(store, unlimited);
  });

  t.test('a partition both spent and blocked waits for the later of the two', async (t) => {
    const { store, advance } = await makeStore(t);
    await spend(store, 3, both);
    await store.block({ ...blocked, forMs: 5_000 });
    t.match(await denied(store, both), {
      waitMs: WINDOW_MS + MARGIN_MS,
      states: [{}, { resetMs: WINDOW_MS + MARGIN_MS }],
    });

    await store.block({ ...blocked, forMs: 60_000 });
    await advance(WINDOW_MS + MARGIN_MS);
    t.match(await denied(store, both), {
      waitMs: 60_000 - WINDOW_MS - MARGIN_MS,
      states: [{ remaining: 3 }, { remaining: 0 }],
    });
  });
}
