import type { Test } from 'tap';
import {
  admitted,
  charge,
  denied,
  LEASE_MS,
  MARGIN_MS,
  type MakeStore,
  permitOf,
  request,
  WINDOW_MS,
} from './turned-store.ts';

const SPAN_MS = WINDOW_MS + MARGIN_MS;
/** One unit at a time, of two partitions, so that what is charged shows as a denial. */
const single = request({ charges: [charge('account', [{ quota: 1 }]), charge('interface', [{ quota: 1 }])] });

/** How long a permit's units stay spent. */
export function permitPromises(t: Test, makeStore: MakeStore): void {
  t.test('a permit says what it is for, and that it may be sent at once', async (t) => {
    const { store, advance } = await makeStore(t);

    const first = await permitOf(store, single);
    await advance(4_000);
    const second = await permitOf(store, request({ account: 'other' }));

    t.match(first, { account: 'main', partitions: ['account', 'interface'] });
    t.match(second, { account: 'other', partitions: ['account'] });
    t.not(first.id, second.id);
    t.equal(second.sendAt - first.sendAt, 4_000);
  });

  t.test('two stores never give permits of one id', async (t) => {
    const [one, other] = [await makeStore(t), await makeStore(t)];

    t.not((await permitOf(one.store)).id, (await permitOf(other.store)).id);
  });

  t.test('a unit that nobody settles is spent through its lease, the window and the margin', async (t) => {
    const { store, advance } = await makeStore(t);
    await permitOf(store, single);
    t.equal((await denied(store, single)).waitMs, LEASE_MS + SPAN_MS);

    await advance(LEASE_MS + SPAN_MS - 1);
    t.equal((await denied(store, single)).waitMs, 1);
    await advance(1);
    await admitted(store, single);
  });

  t.test('a settled unit is spent through the window and the margin, from when it was settled', async (t) => {
    const { store, advance } = await makeStore(t);
    const permit = await permitOf(store, single);
    await advance(700);
    await store.settle(permit);

    await advance(SPAN_MS - 1);
    t.equal((await denied(store, single)).waitMs, 1);
    await advance(1);
    await admitted(store, single);
  });

  t.test('settling again changes nothing', async (t) => {
    const { store, advance } = await makeStore(t);
    const permit = await permitOf(store, single);
    await store.settle(permit);
    await advance(700);
    await store.settle(permit);

    t.equal((await denied(store, single)).waitMs, SPAN_MS - 700);
  });

  t.test('settling after the lease has run out does not lengthen it', async (t) => {
    const { store, advance } = await makeStore(t);
    const permit = await permitOf(store, single);
    await advance(LEASE_MS + 700);
    await store.settle(permit);

    t.equal((await denied(store, single)).waitMs, SPAN_MS - 700);
  });

  t.test('settling after the window has turned does not resurrect the unit', async (t) => {
    const { store, advance } = await makeStore(t);
    const permit = await permitOf(store, single);
    await advance(LEASE_MS + SPAN_MS);
    await store.settle(permit);

    await admitted(store, single);
  });

  t.test('a refund gives the units of all partitions back at once', async (t) => {
    const { store } = await makeStore(t);
    const permit = await permitOf(store, single);
    await store.refund(permit);

    t.match((await admitted(store, single)).states, [{ remaining: 0 }, { remaining: 0 }]);
    await denied(store, single);
  });

  t.test('a refund gives back its own unit and no other, however often it is asked', async (t) => {
    const { store, advance } = await makeStore(t);
    await store.settle(await permitOf(store));
    await advance(1_000);
    const unsent = await permitOf(store);
    await advance(1_000);
    await store.settle(await permitOf(store));

    await store.refund(unsent);
    await store.refund(unsent);

    t.equal((await admitted(store)).states[0]?.remaining, 0);
    t.equal((await denied(store)).waitMs, SPAN_MS - 2_000);
  });

  t.test('refund after settling changes nothing, nor does settling after a refund', async (t) => {
    const { store } = await makeStore(t);
    const permit = await permitOf(store, single);
    await store.settle(permit);
    await store.refund(permit);
    await denied(store, single);

    const other = request({ account: 'other' });
    const refunded = await permitOf(store, other);
    await store.refund(refunded);
    await store.settle(refunded);
    t.equal((await admitted(store, other)).states[0]?.remaining, 2);
  });

  t.test('refund after the lease has run out changes nothing', async (t) => {
    const { store, advance } = await makeStore(t);
    const permit = await permitOf(store, single);
    await advance(LEASE_MS);
    await store.refund(permit);

    t.equal((await denied(store, single)).waitMs, SPAN_MS);
  });

  t.test('refund after the window has turned changes nothing', async (t) => {
    const { store, advance } = await makeStore(t);
    const permit = await permitOf(store, single);
    await advance(LEASE_MS + SPAN_MS);
    await permitOf(store, single);
    await store.refund(permit);

    await denied(store, single);
  });

  t.test('a permit that the store does not know changes nothing', async (t) => {
    const { store } = await makeStore(t);
    const permit = await permitOf(store, single);
    await store.settle({ ...permit, id: 'unknown' });
    await store.refund({ ...permit, id: 'unknown' });

    t.equal((await denied(store, single)).waitMs, LEASE_MS + SPAN_MS);
  });

  t.test('leases of different length may be settled in any order', async (t) => {
    const { store, advance } = await makeStore(t);
    const long = await permitOf(store, request({ leaseMs: 9_000 }));
    await permitOf(store, request({ leaseMs: 1_000 }));
    const middle = await permitOf(store, request({ leaseMs: 5_000 }));
    await advance(2_000);
    await store.settle(long);
    await advance(500);
    await store.settle(middle);

    const { waitMs } = await denied(store);
    t.equal(waitMs, SPAN_MS - 1_500, 'the lease that ran out at 1 s');
    await advance(waitMs);
    await store.settle(await permitOf(store));
    t.equal((await denied(store)).waitMs, 1_000, 'the one settled at 2 s');
  });
}
