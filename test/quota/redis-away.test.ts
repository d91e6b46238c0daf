import t from 'tap';
import {
  charge,
  denied,
  LEASE_MS,
  MARGIN_MS,
  permitOf,
  request,
  spend,
  WINDOW_MS,
} from '../conformance/turned-store.ts';
import type { Replica } from '../support/fleet.ts';
import { DEADLINE_MS, throughProxy } from '../support/through-proxy.ts';
import { isUnreachable } from '../support/two-replicas.ts';
import { Vendor } from '../support/vendor.ts';

const SPAN_MS = WINDOW_MS + MARGIN_MS;

/** A replica goes on alone once no other can be admitted by the store any more. */
const ALONE_MS = 5_000;

t.jobs = 4; // They mostly wait, each for itself.

t.test('with closed nobody is admitted, and the answer comes within the deadline', async (t) => {
  const { proxy, one, other } = await throughProxy(t);
  proxy.hold();
  const began = performance.now();
  await isUnreachable(t, one);
  t.ok(performance.now() - began < DEADLINE_MS + 300, 'while Redis hangs');
  t.equal(one.store.mode(), 'unreachable');

  proxy.refuse();
  const again = performance.now();
  for (let n = 0; n < 20; n += 1) await isUnreachable(t, other);
  t.ok(performance.now() - again < DEADLINE_MS, 'and at once while there is no connection');
});

t.test('an admission whose answer was lost is given back when the connection is back', async (t) => {
  const { fleet, proxy, one, other, reconnect } = await throughProxy(t);
  await spend(one.store, 1);
  proxy.hold();
  await isUnreachable(t, one);
  t.equal(await fleet.redis.zcard(fleet.keys.log('account')), 2, 'Redis has taken the unit');

  proxy.release();
  proxy.cut();
  await reconnect(one, other);
  await fleet.untilReady();

  t.equal(await fleet.redis.zcard(fleet.keys.log('account')), 1);
  await spend(other.store, 2);
  await denied(one.store);
});

t.test('nothing is queued while there is no connection', async (t) => {
  const { fleet, proxy, one, other, reconnect } = await throughProxy(t);
  proxy.refuse();
  await Promise.all(Array.from({ length: 50 }, () => isUnreachable(t, one)));
  await reconnect(one, other);
  await fleet.untilReady();

  t.equal(await fleet.redis.exists(fleet.keys.log('account')), 0);
});

t.test('a unit settled while Redis is away is counted from when it was settled, once that is told', async (t) => {
  const { fleet, proxy, one, other, reconnect } = await throughProxy(t);
  const single = request({ charges: [charge('account', [{ quota: 1 }])] });
  const permit = await permitOf(one.store, single);
  proxy.refuse();
  await isUnreachable(t, one, single);
  await one.store.settle(permit);
  await fleet.advance(LEASE_MS);
  await reconnect(one, other);
  await fleet.untilReady();

  const { waitMs } = await denied(other.store, single);
  t.ok(waitMs <= SPAN_MS, `waits ${waitMs} ms`);
});

t.test('with own two replicas together never exceed the quota in ten windows without Redis', async (t) => {
  const { fleet, proxy, one, other } = await throughProxy(t, { whenDown: 'own' });
  const vendor = new Vendor();
  const ask = async ({ store }: Replica) => {
    const decision = await store.admit(request()).catch(() => undefined);
    if (decision?.allowed !== true) return;
    vendor.see(['account'], fleet.clock.monotonic());
    await store.settle(decision.permit).catch(() => {});
  };
  await ask(one);
  await ask(one);
  await ask(other);
  proxy.refuse();

  const before = vendor.count;
  for (let n = 0; n < 110; n += 1) {
    await fleet.advance(1_000);
    for (const replica of [other, one, other]) await ask(replica);
  }

  t.equal(vendor.worstWindow('account', WINDOW_MS), 3);
  t.ok(vendor.count - before >= 27, `${vendor.count - before} of 30`);
  t.equal(one.store.mode(), 'own');
});

t.test('with own a replica that holds nothing admits nobody', async (t) => {
  const { fleet, proxy, one, other } = await throughProxy(t, { whenDown: 'own' });
  await spend(one.store, 3);
  proxy.refuse();
  await fleet.advance(SPAN_MS);

  await isUnreachable(t, other);
});

t.test('with own what was reused is told before anybody is admitted again, whoever comes back first', async (t) => {
  const { fleet, proxy, one, other, reconnect } = await throughProxy(t, { whenDown: 'own' });
  await spend(one.store, 2);
  await spend(other.store, 1);
  proxy.refuse();
  await fleet.advance(ALONE_MS);
  await denied(one.store);
  await fleet.advance(SPAN_MS - ALONE_MS);
  for (let n = 0; n < 2; n += 1) await one.store.settle(await permitOf(one.store)).catch(() => {});
  one.awake = false;

  await reconnect(other, one);
  await fleet.advance(3_000);
  await t.rejects(other.store.admit(request()), { message: /finds out/ });
  one.awake = true;
  await fleet.untilReady();

  await spend(other.store, 1);
  await denied(other.store);
});

t.test('a replica with closed waits for what one with own has reused, as in a change of the setting', async (t) => {
  const { fleet, proxy, one, reconnect } = await throughProxy(t, { whenDown: 'own' });
  const closed = await fleet.join({ url: proxy.url, deadlineMs: DEADLINE_MS, whenDown: 'closed' });
  await fleet.untilReady();
  await spend(one.store, 3);
  proxy.refuse();
  await fleet.advance(SPAN_MS);
  for (let n = 0; n < 3; n += 1) await one.store.settle(await permitOf(one.store)).catch(() => {});
  for (const replica of fleet.replicas) replica.awake = replica === closed;

  await reconnect(closed);
  await fleet.advance(3_000);
  await t.rejects(closed.store.admit(request()), { message: /finds out/ });
  for (const replica of fleet.replicas) replica.awake = true;
  await reconnect(...fleet.replicas);
  await fleet.untilReady();
  await denied(closed.store);
});

t.test('with own a later silence starts from what is held then', async (t) => {
  const { fleet, proxy, one, other, reconnect } = await throughProxy(t, { whenDown: 'own' });
  await spend(one.store, 3);
  proxy.refuse();
  await fleet.advance(ALONE_MS);
  await denied(one.store);
  await reconnect(one, other);
  await fleet.untilReady();
  await fleet.advance(SPAN_MS);
  await spend(other.store, 3);

  proxy.refuse();
  await fleet.advance(ALONE_MS);
  await isUnreachable(t, one);
});

t.test('with own two replicas never sign alike with one second', async (t) => {
  const { fleet, proxy, one, other } = await throughProxy(t, { whenDown: 'own' });
  const alike = request({ charges: [charge('account', [{ quota: 40 }])], fingerprint: 'f' });
  const seconds: number[] = [];
  for (let n = 0; n < 20; n += 1)
    for (const { store } of [one, other]) {
      const permit = await permitOf(store, alike);
      seconds.push(permit.signingSecond);
      await store.settle(permit);
    }
  proxy.refuse();
  await fleet.advance(ALONE_MS);
  for (let n = 0; n < 200; n += 1) {
    for (const { store } of [one, other]) {
      const decision = await store.admit(alike);
      if (decision.allowed) seconds.push(decision.permit.signingSecond);
    }
    await fleet.advance(1_000);
  }

  t.ok(seconds.length > 44, `${seconds.length} seconds`);
  t.equal(new Set(seconds).size, seconds.length);
});
