import t from 'tap';
import { withDenyCache } from '../../src/quota/deny-cache.ts';
import type { QuotaStore } from '../../src/quota/store.ts';
import { quotaStoreConformance } from './quota-store.ts';
import { redisStores } from './turned-redis.ts';
import { denied, MARGIN_MS, spend, WINDOW_MS } from './turned-store.ts';

const makeStore = await redisStores(t);

quotaStoreConformance(t, async () => {
  const { store, now, advance, stepWall } = await makeStore();
  let cached = withDenyCache(store, { now });
  const newest: QuotaStore = {
    admit: (admission) => cached.admit(admission),
    settle: (permit) => cached.settle(permit),
    refund: (permit) => cached.refund(permit),
    block: (block) => cached.block(block),
    usage: (account) => cached.usage(account),
    useOnce: (use) => cached.useOnce(use),
    mode: () => cached.mode(),
    close: () => cached.close(),
  };
  return {
    store: newest,
    advance,
    async stepWall(ms) {
      await stepWall(ms);
      // What was heard before a step of the time of day is believed for a second more; no promise is made of that second.
      cached = withDenyCache(store, { now });
    },
  };
});

t.test('ten thousand denials in ten seconds cost a call a second', async (t) => {
  const { store, client, now, advance } = await makeStore();
  const cached = withDenyCache(store, { now });
  await spend(cached, 3);
  const beats = await countBeats();

  const before = client.calls;
  for (let n = 0; n < 10_000; n += 1) {
    if (n > 0 && n % 1_000 === 0) await advance(1_000);
    await denied(cached);
  }

  const asked = client.calls - before - 9 * beats;
  t.ok(asked <= 11, `asked ${asked} times`);

  async function countBeats(): Promise<number> {
    const from = client.calls;
    await advance(0);
    return client.calls - from;
  }
});

t.test('a wait told from memory is exact', async (t) => {
  const { store, now, advance } = await makeStore();
  const cached = withDenyCache(store, { now });
  await spend(cached, 3);

  let passed = 0;
  for (const passedMs of [0, 1, 998, 999, 1_000, 1_001, 2_500]) {
    const { waitMs } = await denied(cached);
    t.equal(waitMs, WINDOW_MS + MARGIN_MS - passed);
    await advance(passedMs);
    passed += passedMs;
  }
});
