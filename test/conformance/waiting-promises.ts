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
  spend,
  usageOf,
  WINDOW_MS,
} from './turned-store.ts';

const SPAN_MS = WINDOW_MS + MARGIN_MS;
/** Would wait for longer than anything here takes. */
const patient = request({ maxWaitMs: 600_000 });
const single = request({ charges: [charge('account', [{ quota: 1 }])] });
const patientSingle = { ...single, maxWaitMs: 600_000 };

/** What a request gets that would rather wait than be denied. */
export function waitingPromises(t: Test, makeStore: MakeStore): void {
  t.test('a request that may wait does not when there is a unit', async (t) => {
    const { store } = await makeStore(t);
    const { sendAt } = await permitOf(store);

    const { permit, waitMs, states } = await admitted(store, patient);

    t.equal(waitMs, 0);
    t.equal(permit.sendAt, sendAt);
    t.match(states, [{ remaining: 1 }]);
  });

  t.test(
    'it may be sent at the instant for which a denial would have named it, and the wait says so too',
    async (t) => {
      const { store, advance } = await makeStore(t);
      const { sendAt } = await permitOf(store, request({ account: 'other' }));
      await spend(store, 3);
      await advance(1_000);
      const refused = await denied(store);

      const { permit, waitMs } = await admitted(store, patient);

      t.equal(waitMs, SPAN_MS - 1_000);
      t.equal(waitMs, refused.waitMs);
      t.equal(permit.sendAt - sendAt, 1_000 + waitMs);
    },
  );

  t.test('it is denied at once when it would wait for longer than it may, and nothing is taken', async (t) => {
    const { store } = await makeStore(t);
    const charges = [charge('account'), charge('interface', [{ quota: 1 }])];
    await spend(store, 1, request({ charges, fingerprint: 'f' }));
    const before = await usageOf(store);

    const refused = await denied(store, request({ charges, fingerprint: 'f', maxWaitMs: SPAN_MS - 1 }));

    t.match(refused, { waitMs: SPAN_MS, states: [{ remaining: 2, violated: false }, { violated: true }] });
    t.strictSame(await usageOf(store), before);
    t.equal((await admitted(store, request({ charges, maxWaitMs: SPAN_MS }))).waitMs, SPAN_MS);
  });

  t.test('after a wait the states are those from before the units were reserved', async (t) => {
    const { store } = await makeStore(t);
    const charges = [charge('account'), charge('interface', [{ quota: 1 }])];
    await spend(store, 1, request({ charges }));

    t.match((await admitted(store, { ...patient, charges })).states, [
      { name: 'account', remaining: 2, resetMs: SPAN_MS, violated: false },
      { name: 'interface', remaining: 0, resetMs: SPAN_MS, violated: false },
    ]);
  });

  t.test('reserved units are charged from the start, in every partition', async (t) => {
    const { store } = await makeStore(t);
    const charges = [charge('account'), charge('interface', [{ quota: 1 }])];
    await spend(store, 1, request({ charges }));
    await permitOf(store, { ...patient, charges });

    t.match((await admitted(store)).states, [{ remaining: 0 }]);
    await denied(store);
  });

  t.test('first come, first served: nobody gets a unit that another waits for', async (t) => {
    const { store, advance } = await makeStore(t);
    for (let n = 0; n < 3; n += 1) {
      await spend(store, 1);
      await advance(1_000);
    }
    const waits = [];
    for (let n = 0; n < 3; n += 1) waits.push((await admitted(store, patient)).waitMs);
    t.strictSame(waits, [SPAN_MS - 3_000, SPAN_MS - 2_000, SPAN_MS - 1_000]);

    await advance(SPAN_MS - 3_000);
    t.equal((await denied(store)).waitMs, SPAN_MS + LEASE_MS, 'the unit that is back now is the first waiter’s');
  });

  t.test('more may wait than the quota: those behind wait for those in front', async (t) => {
    const { store } = await makeStore(t);
    await spend(store, 1, single);

    const waits = [];
    for (let n = 0; n < 3; n += 1) waits.push((await admitted(store, patientSingle)).waitMs);

    t.strictSame(waits, [SPAN_MS, SPAN_MS + (LEASE_MS + SPAN_MS), SPAN_MS + 2 * (LEASE_MS + SPAN_MS)]);
  });

  t.test('a reservation that is settled after it was sent counts from then', async (t) => {
    const { store, advance } = await makeStore(t);
    await spend(store, 1, single);
    const { permit, waitMs } = await admitted(store, patientSingle);
    await advance(waitMs + 200);
    t.equal((await denied(store, single)).waitMs, LEASE_MS - 200 + SPAN_MS, 'its lease began when it could be sent');

    await store.settle(permit);

    t.equal((await denied(store, single)).waitMs, SPAN_MS);
  });

  t.test('a reservation that nobody settles is spent through its lease, the window and the margin', async (t) => {
    const { store, advance } = await makeStore(t);
    await spend(store, 1, single);
    const { waitMs } = await admitted(store, patientSingle);

    await advance(waitMs + LEASE_MS + SPAN_MS - 1);
    t.equal((await denied(store, single)).waitMs, 1);
    await advance(1);
    await admitted(store, single);
  });

  for (const [when, afterMs] of [
    ['at once', 0],
    ['before it could be sent', SPAN_MS - 1],
    ['when it could be sent', SPAN_MS],
    ['just before its lease ends', SPAN_MS + LEASE_MS - 1],
  ] as const) {
    t.test(`a reservation that is refunded ${when} gives its place back`, async (t) => {
      const { store, advance } = await makeStore(t);
      await spend(store, 1, single);
      const { permit } = await admitted(store, patientSingle);
      await advance(afterMs);

      await store.refund(permit);

      t.equal((await admitted(store, patientSingle)).waitMs, Math.max(0, SPAN_MS - afterMs));
    });
  }

  t.test('a reservation that is refunded after its lease has ended stays spent', async (t) => {
    const { store, advance } = await makeStore(t);
    await spend(store, 1, single);
    const { permit, waitMs } = await admitted(store, patientSingle);
    await advance(waitMs + LEASE_MS);

    await store.refund(permit);

    t.equal((await denied(store, single)).waitMs, SPAN_MS);
  });

  t.test('a refund moves nobody who waits already: their time was promised', async (t) => {
    const { store } = await makeStore(t);
    await spend(store, 1, single);
    const first = await permitOf(store, patientSingle);
    const second = await admitted(store, patientSingle);
    await store.refund(first);

    t.equal(second.waitMs, SPAN_MS + LEASE_MS + SPAN_MS);
    t.equal((await admitted(store, patientSingle)).waitMs, second.waitMs + LEASE_MS + SPAN_MS);
  });

  t.test('a request may wait for the end of a block', async (t) => {
    const { store, advance } = await makeStore(t);
    await store.block({ account: 'main', partition: 'account', forMs: 5_000 });
    const { waitMs, states } = await admitted(store, patient);
    t.equal(waitMs, 5_000);
    t.match(states, [{ remaining: 0, resetMs: 5_000, violated: false }]);

    await advance(5_000);
    t.match((await admitted(store)).states, [{ remaining: 1 }]);
  });
}
