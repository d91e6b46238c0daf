// Names that are good for one use, by several replicas of one Redis.
import t from 'tap';
import { connected, Fleet, startFleet } from '../support/fleet.ts';
import { startRedis } from '../support/redis-server.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';
import { twoReplicas } from '../support/two-replicas.ts';

const USE = { name: 'a-signature', forMs: 900_000 };

t.test('what one replica has used, no other can use, whoever asks first', async (t) => {
  const { one, other } = await twoReplicas(t);
  t.equal(await one.store.useOnce(USE), true);
  t.equal(await other.store.useOnce(USE), false);

  const both = await Promise.all([one, other].map(({ store }) => store.useOnce({ ...USE, name: 'another' })));
  t.strictSame(both.sort(), [false, true]);
});

t.test('Redis forgets a name by itself, and not before its time', async (t) => {
  const { fleet, one } = await twoReplicas(t);
  await one.store.useOnce(USE);
  const left = await fleet.redis.pttl('fleet:used:a-signature');
  t.ok(left > USE.forMs - 60_000 && left <= USE.forMs, `${left} ms`);
});

t.test('a replica remembers what it used itself when Redis has lost its data', async (t) => {
  const { fleet, one } = await twoReplicas(t);
  await one.store.useOnce(USE);
  await fleet.redis.flushall();
  t.equal(await one.store.useOnce(USE), false);
});

for (const whenDown of ['closed', 'own'] as const) {
  t.test(`while Redis can't be asked, ${whenDown}`, async (t) => {
    const server = await startRedis();
    const proxy = await TcpProxy.start(server.url.replace('unix://', ''));
    const fleet = new Fleet({ url: server.url });
    t.teardown(async () => {
      await fleet.close();
      await proxy.close();
      await server.stop();
    });
    const { store, client } = await fleet.join({ url: proxy.url, deadlineMs: 400, whenDown });
    proxy.refuse();
    if (whenDown === 'own') {
      t.equal(await store.useOnce(USE), true, 'this process decides');
      t.equal(await store.useOnce(USE), false, 'and remembers');
      return;
    }
    await t.rejects(store.useOnce(USE), { message: 'Redis cannot be asked' });
    proxy.accept();
    await connected(client);
    t.equal(await store.useOnce(USE), true, 'nothing came of it, so it may be tried again');
  });
}

t.test('a name is used whatever state an account is in', async (t) => {
  const fleet = await startFleet(t);
  const { store } = await fleet.join();
  t.not(store.mode(), 'ready');
  t.equal(await store.useOnce(USE), true);
});
