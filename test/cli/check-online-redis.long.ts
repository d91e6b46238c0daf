// `check --online` where something is wrong with Redis.
import t, { type Test } from 'tap';
import { accounts, check, PASSWORD, redisOf, sandboxOf } from '../support/check-online.ts';
import { freePort } from '../support/redis-server.ts';

// Most of their time they wait: for a Redis that does not answer, or to be sure of what others know.
t.jobs = 4;

for (const { who, store, says } of [
  {
    who: 'that is not there',
    store: async () => `url: "redis://127.0.0.1:${await freePort()}"`,
    says: /nobody listens there.*ECONNREFUSED/,
  },
  {
    who: 'whose socket is not there',
    store: async () => 'url: "unix:///nowhere/redis.sock"',
    says: /there is no such socket.*ENOENT/,
  },
  {
    who: 'that speaks no TLS',
    store: async (t: Test) => `url: "rediss://127.0.0.1:${(await redisOf(t)).port}"`,
    says: /no answer in time: .*only one side speaks TLS/,
  },
  {
    who: 'that wants another password',
    store: async (t: Test) => `${await guardedRedis(t)}, password: { file: password }`,
    says: /refuses the user or the password/,
  },
  {
    who: 'that has no database of that number',
    store: async (t: Test) => `url: "${(await redisOf(t)).url}/99"`,
    says: /no database of that number/,
  },
  {
    who: 'that evicts',
    store: async (t: Test) => {
      const redis = await redisOf(t);
      await redis.cli('CONFIG', 'SET', 'maxmemory', '50mb');
      await redis.cli('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru');
      return `url: "${redis.url}"`;
    },
    says: /forgets what was spent when its memory is full \(allkeys-lru\): set maxmemory-policy noeviction/,
  },
  {
    who: 'whose replicas are away',
    store: async (t: Test) => {
      const redis = await redisOf(t);
      await redis.cli('CONFIG', 'SET', 'min-replicas-to-write', '1');
      return `url: "${redis.url}"`;
    },
    says: /while its replicas are away/,
  },
  {
    who: 'that hangs',
    store: async (t: Test) => {
      const redis = await redisOf(t);
      redis.standStill();
      return `url: "${redis.url}"`;
    },
    says: /it takes the connection, and is not ready in time/,
  },
  {
    who: 'that is no Sentinel',
    store: async (t: Test) => `sentinel: { name: main, nodes: ["127.0.0.1:${(await redisOf(t)).port}"] }`,
    says: /no Sentinel names a master: check `store\.sentinel`/,
  },
  {
    who: 'that is no cluster',
    store: async (t: Test) => `cluster: ["127.0.0.1:${(await redisOf(t)).port}"]`,
    says: /one side is a cluster and the other is not/,
  },
  { who: 'that wants a password', store: guardedRedis, says: /it wants a password: give `store\.password`/ },
  {
    who: 'that grants too few rights',
    store: async (t: Test) => `${await guardedRedis(t)}, username: gateway, password: { file: password }`,
    says: /lacks a right: src\/quota\/README\.md/,
  },
]) {
  t.test(`a Redis ${who} is told of by its reason`, async (t) => {
    const { origin } = await sandboxOf(t);
    const config = `${accounts(origin)}store: { type: redis, ${await store(t)} }\n`;
    const { code, lines } = await check(t, config, { files: { password: PASSWORD } });
    t.equal(code, 1);
    t.match(lines, [says, /fine/]);
  });
}

/** Where a Redis is that knows the password of a user who may run no script, and another password for everybody else. */
async function guardedRedis(t: Test): Promise<string> {
  const redis = await redisOf(t);
  await redis.cli('ACL', 'SETUSER', 'gateway', 'on', `>${PASSWORD}`, '~*', '+@all', '-evalsha', '-eval');
  await redis.cli('CONFIG', 'SET', 'requirepass', 'of somebody else');
  return `url: "redis://127.0.0.1:${redis.port}"`;
}
