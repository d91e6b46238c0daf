// What a replica knows may be more than it tells in one call.
import t, { type Test } from 'tap';
import { admitted, charge, denied, permitOf, request, spend } from '../conformance/turned-store.ts';
import { connected, type Fleet, type Replica, startFleet } from '../support/fleet.ts';
import { until } from '../support/redis-cluster.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';
import { recovers } from '../support/two-replicas.ts';

/** As many units as one call tells. */
const CHUNK = 500;
const QUOTA = 3 * CHUNK;
/** So many requests that are signed alike are signed a minute ahead, which is longer than a recovery takes. */
const ALIKE = 60;
const many = request({ charges: [charge('account', [{ quota: QUOTA }])] });
const both = { ...many, charges: [...many.charges, charge('interface', [{ quota: QUOTA }])] };
const signed = { ...both, fingerprint: 'f' };

/** Two replicas, of which `one` has spent more than a call tells. It reaches Redis through the proxy. */
async function start(t: Test, spent: { one: number; other: number }) {
  const fleet = await startFleet(t);
  const proxy = await TcpProxy.start(fleet.url.replace('unix://', ''));
  t.teardown(() => proxy.close());
  const [other] = await fleet.joinReady(1);
  const [one] = await fleet.joinReady(1, { url: proxy.url });
  if (one === undefined || other === undefined) throw new Error('two replicas were asked for');
  await spend(other.store, spent.other, many);
  // A unit of the account alone, so that a call ends between the two places of another unit.
  await spend(one.store, 1, many);
  await spend(one.store, spent.one - 1 - ALIKE, both);
  await spend(one.store, ALIKE, signed);
  const { signingSecond } = await permitOf(one.store, signed);
  return { fleet, proxy, one, other, signingSecond, left: QUOTA - spent.one - spent.other - 1 };
}

/** Data is lost, and `one` tells what it knows. Resolves when Redis has taken the first of its calls, and the answer is kept. */
async function tellFirstChunk({ fleet, proxy, one }: { fleet: Fleet; proxy: TcpProxy; one: Replica }) {
  await fleet.redis.flushdb();
  proxy.hold();
  const told = one.store.beat();
  const kept = () => until(async () => proxy.holds);
  await kept();
  proxy.pass();
  await kept();
  return { told };
}

/** Exactly so many units are left, whoever asks, and the signing seconds go on. */
async function exactly(t: Test, left: number, { one, other, signingSecond }: Awaited<ReturnType<typeof start>>) {
  const first = await admitted(other.store, signed);
  t.match(first.states[0], { remaining: left - 1 });
  t.equal(first.permit.signingSecond, signingSecond + 1, 'no second is given twice');
  await spend(one.store, left - 1, many);
  await denied(one.store, many);
  await denied(other.store, many);
}

t.test('all units are known after a loss that one replica tells in several calls', async (t) => {
  const started = await start(t, { one: 600, other: 40 });
  const { fleet, one, left } = started;
  await fleet.redis.flushdb();
  const before = one.client.calls;
  await recovers(t, one, many);
  t.equal(one.client.calls - before, 6, 'an admission, a beat, three calls that tell, and a beat');
  await fleet.untilReady();

  t.equal(await fleet.redis.zcard(fleet.keys.log('account')), QUOTA - left);
  t.equal(await fleet.redis.zcard(fleet.keys.log('interface')), 600);
  await exactly(t, left, started);
});

t.test('a connection that breaks between two calls that tell: nobody is admitted until all is told', async (t) => {
  const started = await start(t, { one: 600, other: 40 });
  const { fleet, proxy, one, other, left } = started;
  const { told } = await tellFirstChunk(started);
  proxy.release();
  proxy.refuse();
  await told;
  const { keys, redis } = fleet;
  t.ok((await redis.zcard(keys.log('account'))) < CHUNK, 'half is told');
  t.equal(
    await redis.exists(keys.signatures, keys.replicas, keys.told),
    0,
    'and not who else there is, to whom or with what',
  );
  one.awake = false;
  await recovers(t, other, many);
  await fleet.advance(6_000);
  await recovers(t, other, many);

  proxy.accept();
  await connected(one.client);
  one.awake = true;
  await fleet.untilReady();
  await exactly(t, left, started);
});

t.test('a loss between two calls that tell: everything is told again', async (t) => {
  const started = await start(t, { one: 600, other: 40 });
  const { fleet, proxy, left } = started;
  const { told } = await tellFirstChunk(started);
  await fleet.redis.flushdb();
  await fleet.advance(1);
  proxy.release();
  await told;

  await fleet.untilReady();
  t.equal(await fleet.redis.zcard(fleet.keys.log('account')), QUOTA - left);
  await exactly(t, left, started);
});

t.test('a log that is taken away between two calls that tell is told again', async (t) => {
  const started = await start(t, { one: 600, other: 40 });
  const { fleet, proxy, left } = started;
  const { told } = await tellFirstChunk(started);
  await fleet.redis.del(fleet.keys.log('account'));
  proxy.release();
  await told;

  await fleet.untilReady();
  t.equal(await fleet.redis.zcard(fleet.keys.log('account')), QUOTA - left);
  await exactly(t, left, started);
});
