// A replica whose way to Redis is slow, on real clocks.
import { setTimeout as pause } from 'node:timers/promises';
import t from 'tap';
import { Secret } from '../../src/catalog/secret.ts';
import { RedisClient } from '../../src/quota/redis-client.ts';
import { readScripts } from '../../src/quota/redis-scripts.ts';
import { RedisStore } from '../../src/quota/redis-store.ts';
import { systemClock } from '../../src/system-clock.ts';
import { charge, permitOf, request } from '../conformance/turned-store.ts';
import { startRedis } from '../support/redis-server.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';

const WINDOW_MS = 1_000;
const DELAY_MS = 150;

t.test(
  'a request that waited is sent a whole window after the unit before it, however slow the question was',
  async (t) => {
    const redis = await startRedis();
    const proxy = await TcpProxy.start(redis.url.replace('unix://', ''));
    const stores = [redis.url, proxy.url].map(start);
    const [near, far] = stores;
    if (near === undefined || far === undefined) throw new Error('two stores were asked for');
    t.teardown(async () => {
      for (const store of stores) await store.close();
      await proxy.close();
      await redis.stop();
    });
    while (stores.some((store) => store.mode() !== 'ready')) await pause(20);
    const policies = [{ quota: 1, windowMs: WINDOW_MS }];
    const ask = { ...request({ charges: [charge('account', policies)] }), marginMs: 1, leaseMs: 500 };

    const first = await permitOf(near, ask);
    const seenAt = systemClock.monotonic();
    await near.settle(first);
    proxy.delay(DELAY_MS);
    const { sendAt } = await permitOf(far, { ...ask, maxWaitMs: 10_000 });
    t.ok(sendAt - seenAt >= WINDOW_MS, `${sendAt - seenAt} ms apart`);
  },
);

function start(url: string): RedisStore {
  const client = new RedisClient(
    { server: { kind: 'single', url: new Secret(url) } },
    { scripts: readScripts(), deadlineMs: 500, onError: () => {}, onClose: () => store.disconnected() },
  );
  const common = { accounts: ['main'], horizonMs: 20_000, coldStart: 'trust', whenDown: 'closed' } as const;
  const store = new RedisStore({ client, clock: systemClock, keyPrefix: 'latency', ...common });
  store.start();
  return store;
}
