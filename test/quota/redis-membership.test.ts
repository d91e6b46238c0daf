import t from 'tap';
import { admitted, charge, denied, permitOf, request, spend } from '../conformance/turned-store.ts';
import { HORIZON_MS, startFleet } from '../support/fleet.ts';
import { recovers, twoReplicas } from '../support/two-replicas.ts';

for (const coldStart of ['trust', 'hold'] as const) {
  t.test(
    `a replica that died before the loss is waited for until nobody counts its units (${coldStart})`,
    async (t) => {
      const { fleet, one, other } = await twoReplicas(t, { coldStart });
      await spend(other.store, 3);
      await fleet.kill(other);
      await fleet.advance(1_000);
      await fleet.redis.flushdb();
      await recovers(t, one);

      await fleet.advance(HORIZON_MS - 1_000);
      await recovers(t, one);
      await fleet.advance(1_500);
      await admitted(one.store);
    },
  );
}

t.test('a replica whose longest window has grown meanwhile waits for as long as that', async (t) => {
  const { fleet, one, other } = await twoReplicas(t);
  await spend(other.store, 3);
  one.store.extend({ accounts: [], horizonMs: 2 * HORIZON_MS });
  one.store.extend({ accounts: [], horizonMs: HORIZON_MS });
  await fleet.kill(other);
  await fleet.advance(1_000);
  await fleet.redis.flushdb();
  await recovers(t, one);

  await fleet.advance(2 * HORIZON_MS - 1_000);
  await recovers(t, one);
  await fleet.advance(1_500);
  await admitted(one.store);
});

t.test('a replica that left long before the last beat that survived is not waited for', async (t) => {
  const { fleet, one, other } = await twoReplicas(t);
  await spend(other.store, 3);
  await fleet.kill(other);
  await fleet.advance(6_000);
  // The data of a restart with a log of all writes: it is there, and the server is another one.
  await fleet.redis.hset(fleet.keys.state, 'run', 'another');
  one.store.disconnected();
  await recovers(t, one);

  const tookMs = await fleet.untilReady();
  t.ok(tookMs <= 2_000, `took ${tookMs} ms`);
  await denied(one.store);
});

t.test('a replica that was alive at the last beat that survived is waited for', async (t) => {
  const { fleet, one, other } = await twoReplicas(t);
  await spend(one.store, 2);
  await fleet.kill(other);
  await fleet.redis.hset(fleet.keys.state, 'run', 'another');
  one.store.disconnected();
  await recovers(t, one);

  await fleet.advance(HORIZON_MS - 1_000);
  await recovers(t, one);
  await fleet.advance(1_500);
  await admitted(one.store);
});

t.test('an empty Redis is believed after a hold and a joining time of a first start, with trust', async (t) => {
  const fleet = await startFleet(t, { coldStart: 'trust' });
  const fresh = await fleet.join();
  await recovers(t, fresh);

  await fleet.advance(2_400);
  await recovers(t, fresh);
  const tookMs = await fleet.untilReady();
  t.ok(tookMs <= 1_100, `2400 ms and ${tookMs} ms`);
  await admitted(fresh.store);
});

t.test('an empty Redis is waited out for as long as anything may count, with hold', async (t) => {
  const fleet = await startFleet(t, { coldStart: 'hold' });
  const fresh = await fleet.join();
  await recovers(t, fresh);

  await fleet.advance(HORIZON_MS - 500);
  await recovers(t, fresh);
  await fleet.untilReady();
  await admitted(fresh.store);
});

t.test('a fresh replica that comes first after a loss waits for those who remember', async (t) => {
  const { fleet, one, other } = await twoReplicas(t);
  await spend(one.store, 2);
  await spend(other.store, 1);
  one.awake = false;
  other.awake = false;
  await fleet.redis.flushdb();
  const fresh = await fleet.join();
  await recovers(t, fresh);
  await fleet.advance(1_000);
  await recovers(t, fresh);

  one.awake = true;
  await fleet.advance(2_000);
  await recovers(t, fresh);
  other.awake = true;
  await fleet.untilReady();
  await denied(fresh.store);
});

t.test('a seed that comes after the account has opened is merged', async (t) => {
  const fleet = await startFleet(t);
  const [one, other] = await fleet.joinReady(2);
  if (one === undefined || other === undefined) throw new Error('no replicas');
  const five = request({ charges: [charge('account', [{ quota: 5 }])], fingerprint: 'f' });
  await spend(one.store, 2, five);
  const { signingSecond } = await permitOf(one.store, five);
  // Cut off for longer than anybody waits, while the data is lost twice over: nobody is left who knows of it.
  one.awake = false;
  await fleet.kill(other);
  await fleet.redis.flushdb();
  const fresh = await fleet.join();
  await fleet.advance(6_500);
  t.match(await admitted(fresh.store, five), { states: [{ remaining: 4 }] });

  one.awake = true;
  await fleet.beat();

  t.match(await admitted(fresh.store, five), { states: [{ remaining: 0 }] });
  t.ok((await permitOf(fresh.store, { ...five, charges: [charge('other')] })).signingSecond > signingSecond);
});

t.test('what a new replica spends is known to the others before it may spend', async (t) => {
  const fleet = await startFleet(t);
  const [one] = await fleet.joinReady(1);
  if (one === undefined) throw new Error('no replica');
  const fresh = await fleet.join();
  await recovers(t, fresh);
  await fleet.advance(1_500);
  await spend(fresh.store, 3);
  await fleet.kill(fresh);
  await fleet.redis.flushdb();

  await fleet.advance(5_000);
  await recovers(t, one);
});
