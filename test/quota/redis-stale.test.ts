// Who must be waited for after a loss is known from beats: so nobody may act for long without one.
import t from 'tap';
import { admitted, denied, spend } from '../conformance/turned-store.ts';
import { type Fleet, HORIZON_MS, type Replica, startFleet } from '../support/fleet.ts';
import { type KeptData, keepData } from '../support/kept-data.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';
import { isUnreachable, recovers, twoReplicas } from '../support/two-replicas.ts';

/** As long as a replica acts after its last beat. */
const STALE_MS = 2_000;
/** How much longer before the last beat that survived somebody may have beaten last who acted after it. */
const WAITED_FOR_MS = 4_000;

/** Another server takes over, with a dump or with all that there is. */
async function restart(fleet: Fleet, { from, seenBy }: { from?: KeptData; seenBy: Replica }): Promise<void> {
  await from?.restore();
  await fleet.redis.hset(fleet.keys.state, 'run', 'another');
  seenBy.store.disconnected();
}

t.test('a replica that has not beaten for two seconds asks for nothing before it has beaten again', async (t) => {
  const { fleet, one } = await twoReplicas(t);
  await fleet.beat();
  one.awake = false;
  const callsOf = async (act: () => Promise<unknown>) => {
    const before = one.client.calls;
    await act();
    return one.client.calls - before;
  };
  const oldestBeat = async () => Number((await fleet.redis.zrange(fleet.keys.replicas, '0', '0', 'WITHSCORES'))[1]);

  await fleet.advance(STALE_MS);
  const beaten = await oldestBeat();
  t.equal(await callsOf(() => admitted(one.store)), 1, 'up to then it just asks');
  await fleet.advance(1);
  t.equal(await callsOf(() => admitted(one.store)), 2, 'then it beats first');
  t.equal((await oldestBeat()) - beaten, STALE_MS, 'so that everybody knows it as alive');
  t.equal(await callsOf(() => admitted(one.store)), 1, 'and asks again');
});

t.test('a replica that has not beaten for two seconds and cannot takes nothing', async (t) => {
  const fleet = await startFleet(t);
  const proxy = await TcpProxy.start(fleet.url.replace('unix://', ''));
  t.teardown(() => proxy.close());
  const [one] = await fleet.joinReady(1, { url: proxy.url, deadlineMs: 400 });
  if (one === undefined) throw new Error('no replica');
  await spend(one.store, 1);
  one.awake = false;
  await fleet.advance(STALE_MS + 1);
  proxy.hold();

  await isUnreachable(t, one);
  t.equal(await fleet.redis.zcard(fleet.keys.log('account')), 1, 'Redis was asked for no unit');
});

for (const { beforeMs, waited } of [
  { beforeMs: WAITED_FOR_MS, waited: true },
  { beforeMs: WAITED_FOR_MS + 500, waited: false },
]) {
  const whether = waited ? 'is waited for' : 'is not waited for';
  t.test(`a replica whose last beat was ${beforeMs} ms before the last one that survived ${whether}`, async (t) => {
    const { fleet, one, other } = await twoReplicas(t);
    await fleet.beat();
    await spend(one.store, 3);
    await fleet.kill(other);
    await fleet.advance(beforeMs);
    await restart(fleet, { seenBy: one });
    await recovers(t, one);

    await fleet.advance(2_000);
    if (waited) await recovers(t, one);
    else await denied(one.store);
  });
}

t.test(
  'a replica that was alive when a dump was made, and acted after it, is waited for while its units count',
  async (t) => {
    const { fleet, one, other } = await twoReplicas(t);
    const dump = await keepData(fleet.redis);
    await fleet.advance(5_000);
    const goneMs = WAITED_FOR_MS + 1_000;
    await spend(other.store, 3);
    await fleet.kill(other);
    await fleet.advance(goneMs);
    await restart(fleet, { from: dump, seenBy: one });
    await recovers(t, one);

    await fleet.advance(HORIZON_MS - goneMs - 500);
    await recovers(t, one);
    await fleet.advance(1_000);
    await admitted(one.store);
  },
);

t.test('a replica that joined after a dump was made is waited for, because another one knows of it', async (t) => {
  const fleet = await startFleet(t);
  const [one] = await fleet.joinReady(1);
  if (one === undefined) throw new Error('no replica');
  const dump = await keepData(fleet.redis);
  const [fresh] = await fleet.joinReady(1);
  if (fresh === undefined) throw new Error('no fresh replica');
  await fleet.beat();
  await spend(fresh.store, 3);
  await fleet.kill(fresh);
  await restart(fleet, { from: dump, seenBy: one });
  await recovers(t, one);

  await fleet.advance(HORIZON_MS - 1_000);
  await recovers(t, one);
  await fleet.advance(1_500);
  await admitted(one.store);
});

t.test('a dump that has all that was spent costs two seconds, whoever left before', async (t) => {
  const { fleet, one, other } = await twoReplicas(t);
  await spend(other.store, 3);
  await fleet.kill(other);
  await fleet.advance(WAITED_FOR_MS + 500);
  const dump = await keepData(fleet.redis);
  await fleet.advance(1_000);
  await restart(fleet, { from: dump, seenBy: one });
  await recovers(t, one);

  const tookMs = await fleet.untilReady();
  t.ok(tookMs <= 2_000, `took ${tookMs} ms`);
  await denied(one.store);
});
