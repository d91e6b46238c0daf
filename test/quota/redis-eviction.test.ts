import t from 'tap';
import { admitted, charge, denied, permitOf, request, spend } from '../conformance/turned-store.ts';
import { HORIZON_MS } from '../support/fleet.ts';
import { recovers, twoReplicas } from '../support/two-replicas.ts';

const both = request({ charges: [charge('account'), charge('interface', [{ quota: 2 }])], fingerprint: 'f' });

t.test('a log that was taken away is noticed by the very next admission, and put back', async (t) => {
  const { fleet, one, other } = await twoReplicas(t);
  await spend(one.store, 1, both);
  await spend(other.store, 1, both);

  await fleet.redis.del(fleet.keys.log('interface'));
  await recovers(t, one, both);
  await fleet.untilReady();

  await denied(one.store, both);
  t.match(await admitted(other.store), { states: [{ remaining: 0 }] });
});

t.test('signing seconds that were taken away are noticed by the very next admission, and put back', async (t) => {
  const { fleet, one, other } = await twoReplicas(t);
  const { signingSecond } = await permitOf(one.store, both);

  await fleet.redis.del(fleet.keys.signatures);
  await recovers(t, other, both);
  await fleet.untilReady();

  t.ok((await permitOf(other.store, both)).signingSecond > signingSecond);
});

t.test('a state that was taken away is noticed by the very next admission, and put back', async (t) => {
  const { fleet, one, other } = await twoReplicas(t);
  await spend(one.store, 1, both);
  await spend(other.store, 1, both);
  await one.store.block({ account: 'main', partition: 'other', forMs: 60_000 });

  await fleet.redis.del(fleet.keys.state);
  await recovers(t, other, both);
  await fleet.untilReady();

  await denied(other.store, both);
  await denied(other.store, request({ charges: [charge('other')] }));
});

t.test('a log that was taken away is missed also when another replica tells of its own part first', async (t) => {
  const { fleet, one, other } = await twoReplicas(t);
  await spend(one.store, 2);
  await spend(other.store, 1);

  await fleet.redis.del(fleet.keys.log('account'));
  other.store.disconnected();
  await other.store.beat();

  await recovers(t, other);
  await fleet.untilReady();
  await denied(other.store);
});

t.test('a log that nobody can tell of is waited for once, and not missed for ever', async (t) => {
  const { fleet, one, other } = await twoReplicas(t);
  await spend(other.store, 3, request({ fingerprint: 'f' }));
  await fleet.kill(other);

  await fleet.redis.del(fleet.keys.log('account'), fleet.keys.signatures);
  await recovers(t, one, request({ fingerprint: 'f' }));
  await fleet.advance(HORIZON_MS - 500);
  await recovers(t, one, request({ fingerprint: 'f' }));
  await fleet.untilReady();

  for (let n = 0; n < 3; n += 1) await admitted(one.store, request({ fingerprint: 'f' }));
});

t.test('a log without units is not missed', async (t) => {
  const { fleet, one } = await twoReplicas(t);
  await one.store.refund(await permitOf(one.store, both));
  await admitted(one.store, both);
  await fleet.advance(30_000);

  await admitted(one.store, both);
  t.equal(one.store.mode(), 'ready');
});
