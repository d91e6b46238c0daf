import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { type Cluster, Redis } from 'ioredis';
import type { Test } from 'tap';
import { Secret } from '../../src/catalog/secret.ts';
import { AccountKeys } from '../../src/quota/account-keys.ts';
import { RedisClient } from '../../src/quota/redis-client.ts';
import type { RedisLocation } from '../../src/quota/redis-location.ts';
import { readScripts } from '../../src/quota/redis-scripts.ts';
import { RedisStore } from '../../src/quota/redis-store.ts';
import { startRedis } from '../support/redis-server.ts';
import { createTurnedClock } from '../support/turned-clock.ts';
import type { TurnedStore } from './turned-store.ts';

// The scripts read their time from a field that the test turns, so that both stores see the same milliseconds.
const TURNED = "local function server_time() return tonumber(redis.call('HGET', KEYS[1], 'test') or '0') end";

const ACCOUNTS = ['main', 'other', 'a', 'a:b', '{a}'];

/** Makes a store, and tells the time by its clock. */
export type MakeTurnedRedis = () => Promise<TurnedStore & { readonly now: () => number; readonly client: RedisClient }>;

/** Makes stores on one Redis: $TEST_REDIS_URL if there is one, else a server for this test. */
export async function redisStores(t: Pick<Test, 'teardown'>): Promise<MakeTurnedRedis> {
  const given = process.env['TEST_REDIS_URL'];
  const server = given === undefined ? await startRedis() : { url: given, stop: async () => {} };
  const redis = new Redis(server.url.replace('unix://', ''));
  t.teardown(async () => {
    redis.disconnect();
    await server.stop();
  });
  return storesOn(t, { server: { kind: 'single', url: new Secret(server.url) } }, redis);
}

/** Makes stores at a location, each with keys of its own. `redis` turns their time, and is left open. */
export function storesOn(t: Pick<Test, 'teardown'>, location: RedisLocation, redis: Redis | Cluster): MakeTurnedRedis {
  const client = new RedisClient(location, {
    scripts: readScripts(TURNED),
    deadlineMs: 5000,
    onError: () => {},
    onClose: () => {},
  });
  t.teardown(() => client.close());
  const prefix = `test-${randomBytes(4).toString('hex')}`;
  let stores = 0;

  return async () => {
    const clock = createTurnedClock();
    const keyPrefix = `${prefix}-${stores++}`;
    const store = new RedisStore({
      client,
      clock,
      keyPrefix,
      accounts: ACCOUNTS,
      horizonMs: 3_600_000,
      coldStart: 'trust',
      whenDown: 'closed',
    });
    const turn = () =>
      Promise.all(
        ACCOUNTS.map((account) =>
          redis.hset(new AccountKeys(keyPrefix, account).state, 'test', String(1.7e12 + clock.monotonic())),
        ),
      );
    await turn();
    while (store.mode() !== 'ready') {
      await store.beat();
      // Only once there is a connection: the hold lasts a second and a half of turned time.
      if (store.mode() === 'unreachable') await pause(5);
      else clock.advance(500);
      await turn();
    }
    // Every store starts at the same time of day, however long it took.
    clock.stepWall(createTurnedClock().wall() - clock.wall());
    return {
      store,
      client,
      now: clock.monotonic,
      async advance(ms) {
        clock.advance(ms);
        await turn();
        await store.beat();
      },
      async stepWall(ms) {
        clock.stepWall(ms);
      },
    };
  };
}
