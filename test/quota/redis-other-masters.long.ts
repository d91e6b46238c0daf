import { setTimeout as pause } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { RedisClient } from '../../src/quota/redis-client.ts';
import type { RedisLocation } from '../../src/quota/redis-location.ts';
import { readScripts } from '../../src/quota/redis-scripts.ts';
import { RedisStore } from '../../src/quota/redis-store.ts';
import { charge, request } from '../conformance/turned-store.ts';
import { startCluster, startSentinel, until } from '../support/redis-cluster.ts';

const DEADLINE_MS = 1_000;
const QUOTA = 900;
const many = request({ charges: [charge('account', [{ quota: QUOTA, windowMs: 120_000 }])] });

/** Two replicas that run as in production, by the clocks of the machine. */
async function running(t: Test, location: RedisLocation): Promise<RedisStore[]> {
  const clock = { wall: Date.now, monotonic: () => performance.now() };
  const stores = [1, 2].map(() => {
    const store: RedisStore = new RedisStore({
      client: new RedisClient(location, {
        scripts: readScripts(),
        deadlineMs: DEADLINE_MS,
        onError: () => {},
        onClose: () => store.disconnected(),
      }),
      clock,
      keyPrefix: 'running',
      accounts: ['main'],
      horizonMs: 200_000,
      coldStart: 'trust',
      whenDown: 'closed',
    });
    t.teardown(() => store.close());
    store.start();
    return store;
  });
  await until(async () => stores.every((store) => store.mode() === 'ready'));
  return stores;
}

/** Asks by turns, until as many were admitted, or told to end. */
async function ask(stores: readonly RedisStore[], enough: { count: number; ended?: () => boolean }) {
  const result = { admitted: 0, failures: 0, slowestMs: 0 };
  for (let n = 0; result.admitted < enough.count && enough.ended?.() !== true; n += 1) {
    const began = performance.now();
    try {
      const decision = await stores[n % stores.length]?.admit(many);
      if (decision?.allowed === true) {
        result.admitted += 1;
        // A lost settlement leaves a lease, which counts as well.
        await stores[n % stores.length]?.settle(decision.permit).catch(() => {});
      } else if (decision !== undefined) return { ...result, denied: true };
    } catch {
      result.failures += 1;
    }
    result.slowestMs = Math.max(result.slowestMs, performance.now() - began);
    if (enough.ended !== undefined) await pause(5);
  }
  return { ...result, denied: false };
}

t.test('when a Sentinel names another master the replicas go there, and nothing is forgotten', async (t) => {
  const setup = await startSentinel();
  t.teardown(() => setup.stop());
  const nodes = [setup.sentinel];
  const stores = await running(t, { server: { kind: 'sentinel', name: setup.name, nodes } });
  const before = await ask(stores, { count: 30 });

  await setup.master.kill();
  await until(async () => (await setup.replica.cli('ROLE')).startsWith('master'));
  await until(async () => stores.every((store) => store.mode() === 'ready'));
  const after = await ask(stores, { count: QUOTA });

  t.ok(after.denied, 'until the quota was spent');
  t.equal(before.admitted + after.admitted, QUOTA);
});

t.test(
  'while slots of a cluster move callers wait no longer than two deadlines, and nothing is forgotten',
  async (t) => {
    const cluster = await startCluster();
    t.teardown(() => cluster.stop());
    const stores = await running(t, { server: { kind: 'cluster', nodes: cluster.nodes } });
    const slot = Number(await cluster.cli('CLUSTER', 'KEYSLOT', 'running:{main}'));
    const owner = Math.floor((slot * 3) / 16_384);
    let ended = false;

    const load = ask(stores, { count: QUOTA - 100, ended: () => ended });
    await cluster.reshard(owner, (owner + 1) % 3, 5_400);
    ended = true;
    const during = await load;
    await until(async () => stores.every((store) => store.mode() === 'ready'));
    const after = await ask(stores, { count: QUOTA });

    t.ok(during.slowestMs < 2 * DEADLINE_MS + 500, `${Math.round(during.slowestMs)} ms at the most`);
    t.ok(after.denied, 'until the quota was spent');
    t.equal(during.admitted + after.admitted, QUOTA);
  },
);
