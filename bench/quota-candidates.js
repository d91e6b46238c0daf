// Ways to keep two limits of an account in Redis: 300 in 5 minutes, and 30 to each interface. One object per library, with the
// same verb: `take(account, interface)` resolves to whether the call may be made.
import FastifyStore from '@fastify/rate-limit/store/RedisStore.js';
import Bottleneck from 'bottleneck';
import { Redis } from 'ioredis';
import { RateLimiterRedis, RateLimiterUnion } from 'rate-limiter-flexible';
import { Secret } from '../dist/catalog/secret.js';
import { withDenyCache } from '../dist/quota/deny-cache.js';
import { RedisClient } from '../dist/quota/redis-client.js';
import { readScripts } from '../dist/quota/redis-scripts.js';
import { RedisStore } from '../dist/quota/redis-store.js';

const WINDOW_MS = 300_000;
const clock = { wall: () => Date.now(), monotonic: () => performance.now() };

/**
 * The gateway's store. `quota` far above the load measures admissions; the real ones measure denials.
 *
 * @param accounts joined at the start, as configured accounts are
 */
export async function startOurs(socket, { account, perInterface, accounts = ['main'], denyCache = false }) {
  const client = new RedisClient(
    { server: { kind: 'single', url: new Secret(`unix://${socket}`) } },
    { scripts: readScripts(), deadlineMs: 5000, onError() {}, onClose() {} },
  );
  const options = { keyPrefix: 'gateway', horizonMs: 400_000, coldStart: 'trust', whenDown: 'closed' };
  const redisStore = new RedisStore({ client, clock, accounts, ...options });
  redisStore.start();
  while (redisStore.mode() !== 'ready') await new Promise((resolve) => setTimeout(resolve, 20));
  const store = denyCache ? withDenyCache(redisStore, { now: clock.monotonic }) : redisStore;
  let fingerprints = 0;
  const admissionOf = (name, apiInterface) => ({
    account: name,
    charges: [
      charge('account', { quota: account, windowMs: WINDOW_MS }),
      charge(`interface ${apiInterface}`, { quota: perInterface, windowMs: WINDOW_MS }),
    ],
    ...{ marginMs: 1000, leaseMs: 70_000, maxWaitMs: 0, consumer: 'bench', fingerprint: `${fingerprints++ % 1000}` },
  });
  return {
    calls: () => client.calls,
    admit: (name, apiInterface) => store.admit(admissionOf(name, apiInterface)),
    settle: (permit) => store.settle(permit),
    take: async (name, apiInterface) => (await store.admit(admissionOf(name, apiInterface))).allowed,
    close: () => store.close(),
  };
}

function charge(partition, { quota, windowMs }) {
  return { partition, policies: [{ name: partition.split(' ')[0], quota, windowMs }] };
}

/** rate-limiter-flexible: a union of two fixed windows. */
export function startFlexible(socket, { account, perInterface }) {
  const { redis, calls } = countedRedis(socket);
  const limit = (keyPrefix, points) =>
    new RateLimiterRedis({ storeClient: redis, keyPrefix, points, duration: WINDOW_MS / 1000, useRedisPackage: false });
  const unions = new Map();
  const unionOf = (apiInterface) => {
    const known = unions.get(apiInterface);
    if (known !== undefined) return known;
    const union = new RateLimiterUnion(limit('rlf:a', account), limit(`rlf:i:${apiInterface}`, perInterface));
    unions.set(apiInterface, union);
    return union;
  };
  return {
    calls,
    take: (name, apiInterface) =>
      unionOf(apiInterface)
        .consume(name)
        .then(
          () => true,
          (refusal) => {
            if (refusal instanceof Error) throw refusal;
            return false;
          },
        ),
    close: async () => redis.disconnect(),
  };
}

/** The store of @fastify/rate-limit, asked once for the account and once for the interface: two fixed windows. */
export function startFastify(socket, { account, perInterface }) {
  const { redis, calls } = countedRedis(socket);
  const store = new FastifyStore(false, false, redis, 'frl:');
  const count = (key, max) =>
    new Promise((resolve, reject) => {
      store.incr(key, (error, result) => (error ? reject(error) : resolve(result.current <= max)), WINDOW_MS, max);
    });
  return {
    calls,
    async take(name, apiInterface) {
      const both = [count(name, account), count(`${name}:${apiInterface}`, perInterface)];
      return (await Promise.all(both)).every(Boolean);
    },
    close: async () => redis.disconnect(),
  };
}

/** bottleneck, clustered: an interface's limiter chained to the account's. Refuses rather than queues, as the others do. */
export function startBottleneck(socket, { account, perInterface }) {
  const { redis, calls } = countedRedis(socket);
  const connection = new Bottleneck.IORedisConnection({ client: redis });
  const limiters = new Map();
  const limiterOf = (id, reservoir) => {
    const known = limiters.get(id);
    if (known !== undefined) return known;
    const limiter = new Bottleneck({
      ...{ id, connection, reservoir, reservoirRefreshAmount: reservoir, reservoirRefreshInterval: WINDOW_MS },
      ...{ highWater: 0, strategy: Bottleneck.strategy.OVERFLOW, trackDoneStatus: false },
    });
    limiter.on('error', () => {});
    limiters.set(id, limiter);
    return limiter;
  };
  return {
    calls,
    async take(name, apiInterface) {
      const whole = limiterOf(`bn:${name}`, account);
      const part = limiterOf(`bn:${name}:${apiInterface}`, perInterface);
      try {
        return await part.schedule(() => whole.schedule(async () => true));
      } catch {
        return false;
      }
    },
    close: () => connection.disconnect(false),
  };
}

/** A client that counts what it sends. */
function countedRedis(socket) {
  const redis = new Redis(socket);
  let sent = 0;
  const send = redis.sendCommand.bind(redis);
  redis.sendCommand = (...words) => {
    sent += 1;
    return send(...words);
  };
  return { redis, calls: () => sent };
}
