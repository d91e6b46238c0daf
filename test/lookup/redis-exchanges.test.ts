import { setTimeout as pause } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { Secret } from '../../src/catalog/secret.ts';
import { KEPT } from '../../src/lookup/past-exchange.ts';
import { RedisExchanges } from '../../src/lookup/redis-exchanges.ts';
import type { RedisLocation } from '../../src/quota/redis-location.ts';
import { startCluster, until } from '../support/redis-cluster.ts';
import { startRedis } from '../support/redis-server.ts';

const text = (reqId: string, facts: object = {}) =>
  JSON.stringify({
    ...{ time: '2026-01-01T00:00:00.000Z', replica: 'host:1', reqId, method: 'GET', status: 200, durationMs: 1 },
    ...{ consumer: 'purge-bot', ...facts },
  });

async function shared(t: Test) {
  const redis = await startRedis();
  t.teardown(() => redis.stop());
  return { redis, ...(await sharedAt(t, { server: { kind: 'single', url: new Secret(redis.url) } })) };
}

async function sharedAt(t: Test, location: RedisLocation) {
  const errors: unknown[] = [];
  const options = { keyPrefix: 'test', deadlineMs: 500, onError: (error: unknown) => void errors.push(error) };
  const exchanges = new RedisExchanges(location, options);
  t.teardown(() => exchanges.close());
  const found = async (query: object = {}, signal = AbortSignal.timeout(10_000)) =>
    exchanges.find({ limit: 50, ...query }, signal);
  await until(async () =>
    found().then(
      () => true,
      () => false,
    ),
  );
  errors.length = 0;
  return { exchanges, errors, found };
}

t.test('streams stay within their size and go when nobody writes any more', async (t) => {
  const { redis, exchanges, found } = await shared(t);
  exchanges.add('calls', text('first'));
  for (let number = 0; number < KEPT.calls + 2000; number += 1) {
    exchanges.add('calls', text(`req-${number}`));
    if (number % 500 === 499) await exchanges.write();
  }
  await exchanges.write();
  const length = Number(await redis.cli('XLEN', 'test:exchanges:{exchanges}:calls'));
  t.ok(length >= KEPT.calls && length < KEPT.calls + 200, `${length} entries`);
  t.same(await found({ id: 'first' }), [], 'the oldest are gone');
  t.match(await found({ id: 'req-2100' }), [{ reqId: 'req-2100' }], 'and old ones are found, many pages away');
  t.ok(Number(await redis.cli('PTTL', 'test:exchanges:{exchanges}:calls')) > 0);
});

t.test('what is no exchange, but stands where they are kept, is passed over', async (t) => {
  const { redis, exchanges, found } = await shared(t);
  exchanges.add('refusals', text('the-one'));
  await exchanges.write();
  const key = 'test:exchanges:{exchanges}:refusals';
  const { time: _time, ...timeless } = JSON.parse(text('timeless'));
  for (const garbage of [
    ...['', 'no JSON', 'null', '5', '[]', '{}', JSON.stringify(timeless)],
    ...[text('a', { time: 5 }), text('b', { status: '200' }), text('c', { consumer: { name: 'x' } })],
    ...[text('d', { exemplarIds: 'x' }), text('e', { exemplarIds: [5] }), text('f', { reason: null })],
    ...[text('\ud800'), text('g', { interface: '\udc00' })],
  ]) {
    await redis.cli('XADD', key, '*', 'e', garbage);
  }
  await redis.cli('XADD', key, '*', 'another', 'field', 'and', 'one more');
  t.match(await found(), [{ reqId: 'the-one' }]);
  t.equal((await found({ refused: true })).length, 1);
});

t.test(
  'of many searches at once one reads at a time, the newest are told meanwhile, and none outlives its time',
  async (t) => {
    const { redis, exchanges, found } = await shared(t);
    for (let number = 0; number < KEPT.calls; number += 1) {
      exchanges.add('calls', text(`req-${number}`));
      if (number % 500 === 499) await exchanges.write();
    }
    exchanges.add('refusals', text('refused'));
    const reads = async () => Number(/xrevrange:calls=(\d+)/.exec(await redis.cli('INFO', 'commandstats'))?.[1]);
    const before = await reads();
    const leaving = new AbortController();
    const searches = Array.from({ length: 20 }, () => found({ id: 'nowhere' }, leaving.signal));
    const all = Promise.allSettled(searches);
    t.match(await found({ refused: true, limit: 1 }), [{ reqId: 'refused' }]);
    await Promise.race(searches);
    leaving.abort();
    const states = (await all).map(({ status }) => status);
    t.ok(states.includes('fulfilled') && states.includes('rejected'), states.join(' '));
    const made = (await reads()) - before;
    t.ok(made < 100, `${made} of 420 reads`);
    t.match(await found({ id: 'req-0' }), [{}], 'and the next has its turn');
  },
);

t.test('while Redis is away little is remembered for it, and that is written when it is back', async (t) => {
  const { redis, exchanges, found } = await shared(t);
  await redis.kill();
  await t.rejects(found());
  for (let number = 0; number < 5000; number += 1) exchanges.add('refusals', text(`req-${number}`));
  await redis.restart();
  await until(async () =>
    found().then(
      (some) => some.length > 0,
      () => false,
    ),
  );
  t.equal((await found({ limit: 10_000 })).length, 500);
  t.match(await found({ id: 'req-4999' }), [{}]);
});

t.test('what is not asked for is written by itself, soon', async (t) => {
  const { redis, exchanges } = await shared(t);
  exchanges.add('calls', text('one'));
  await until(async () => (await redis.cli('XLEN', 'test:exchanges:{exchanges}:calls')) === '1');
  t.pass();
});

t.test('a Redis that stands still or refuses is told of, and nothing throws', async (t) => {
  const { redis, exchanges, errors } = await shared(t);
  redis.standStill();
  exchanges.add('calls', text('one'));
  await exchanges.write();
  t.equal(errors.length, 1);
  redis.goOn();
  await pause(50);
  await redis.cli('SET', 'test:exchanges:{exchanges}:refusals', 'of somebody else');
  exchanges.add('refusals', text('two'));
  await exchanges.write();
  t.match(String(errors.at(-1)), /WRONGTYPE/);
  t.notMatch(JSON.stringify(errors.at(-1)), /purge-bot/, 'and the error holds nothing of a request');
});

t.test('after a Redis that stood still, what came meanwhile and later is shared by itself', async (t) => {
  const { redis, exchanges } = await shared(t);
  const other = await sharedAt(t, { server: { kind: 'single', url: new Secret(redis.url) } });
  redis.standStill();
  exchanges.add('calls', text('under way'));
  await pause(250);
  exchanges.add('calls', text('meanwhile'));
  await pause(450);
  redis.goOn();
  await until(async () => (await other.found({ id: 'meanwhile' })).length === 1);
  exchanges.add('calls', text('later'));
  await until(async () => (await other.found({ id: 'later' })).length === 1);
  t.pass();
});

t.test('who leaves during a write writes what came after it as well', async (t) => {
  const { redis, exchanges } = await shared(t);
  const other = await sharedAt(t, { server: { kind: 'single', url: new Secret(redis.url) } });
  exchanges.add('calls', text('under way'));
  const writing = exchanges.write();
  exchanges.add('refusals', text('after it'));
  await Promise.all([writing, exchanges.close()]);
  t.match(await other.found(), [{ reqId: 'under way' }, { reqId: 'after it' }]);
});

t.test('the servers of a cluster share them as well', async (t) => {
  const cluster = await startCluster();
  t.teardown(() => cluster.stop());
  const location: RedisLocation = { server: { kind: 'cluster', nodes: cluster.nodes } };
  const [one, other] = [await sharedAt(t, location), await sharedAt(t, location)];
  one.exchanges.add('calls', text('a-call'));
  one.exchanges.add('refusals', text('a-refusal'));
  await one.exchanges.write();
  t.same(one.errors, []);
  t.match(await other.found(), [{ reqId: 'a-call' }, { reqId: 'a-refusal' }]);
});
