import type { Test } from 'tap';
import { admitted, charge, denied, type MakeStore, permitOf, request } from './turned-store.ts';

/** A policy that is never the reason, so that the signing second is. */
const plenty = [charge('account', [{ quota: 10_000 }])];
const alike = request({ charges: plenty, fingerprint: 'GET /api/domain' });

/** Which second a permit gives to sign with. */
export function signingPromises(t: Test, makeStore: MakeStore): void {
  t.test('requests without a fingerprint are signed with the second it is', async (t) => {
    const { store, advance, stepWall } = await makeStore(t);
    const free = request({ charges: plenty });
    const { signingSecond } = await permitOf(store, free);
    t.equal((await permitOf(store, free)).signingSecond, signingSecond);

    await advance(1_000);
    t.equal((await permitOf(store, free)).signingSecond, signingSecond + 1);
    await stepWall(-61_000);
    t.equal((await permitOf(store, free)).signingSecond, signingSecond - 60);
  });

  t.test('requests that are signed alike take one second each, and fall back to the clock', async (t) => {
    const { store, advance } = await makeStore(t);
    const { signingSecond } = await permitOf(store, alike);
    t.equal((await permitOf(store, alike)).signingSecond, signingSecond + 1);
    t.equal((await permitOf(store, alike)).signingSecond, signingSecond + 2);

    await advance(10_000);
    t.equal((await permitOf(store, alike)).signingSecond, signingSecond + 10);
  });

  t.test('requests that differ in fingerprint or account do not share seconds', async (t) => {
    const { store } = await makeStore(t);
    const { signingSecond } = await permitOf(store, alike);

    t.equal((await permitOf(store, { ...alike, fingerprint: 'GET /api/other' })).signingSecond, signingSecond);
    t.equal((await permitOf(store, { ...alike, account: 'other' })).signingSecond, signingSecond);
  });

  t.test('a denial gives no second away', async (t) => {
    const { store } = await makeStore(t);
    const { signingSecond } = await permitOf(store, alike);
    await denied(store, { ...alike, charges: [charge('account', [{ quota: 1 }])] });

    t.equal((await permitOf(store, alike)).signingSecond, signingSecond + 1);
  });

  t.test('a refund does not give the second back', async (t) => {
    const { store } = await makeStore(t);
    const permit = await permitOf(store, alike);
    await store.refund(permit);

    t.equal((await permitOf(store, alike)).signingSecond, permit.signingSecond + 1);
  });

  t.test('past 240 seconds ahead a request waits, spends nothing, and no policy is blamed', async (t) => {
    const { store, advance } = await makeStore(t);
    const first = await permitOf(store, alike);
    for (let n = 1; n <= 240; n += 1) await permitOf(store, alike);

    const { waitMs, states } = await denied(store, alike);
    t.ok(waitMs > 0 && waitMs <= 1_000, 'waits for the second to turn');
    t.match(states, [{ remaining: 10_000 - 241, violated: false }]);

    await advance(waitMs - 1);
    t.equal((await denied(store, alike)).waitMs, 1);
    await advance(1);
    const { permit, states: after } = await admitted(store, alike);
    t.equal(permit.signingSecond, first.signingSecond + 241);
    t.match(after, [{ remaining: 10_000 - 242 }]);
  });

  t.test('a denial waits for the second and the policies, whichever is later', async (t) => {
    const { store, stepWall } = await makeStore(t);
    const tight = { ...alike, charges: [charge('account', [{ quota: 1 }])] };
    const permit = await permitOf(store, tight);
    await store.settle(permit);
    const { waitMs: forUnitMs } = await denied(store, tight);

    await stepWall(-600_000);

    const { waitMs, states } = await denied(store, tight);
    t.ok(waitMs > 360_000 && waitMs <= 361_000, 'until the second is 240 ahead again');
    t.match(states, [{ violated: true, resetMs: forUnitMs }]);
  });

  t.test('a second is not given twice when the wall clock steps back ten minutes', async (t) => {
    const { store, advance, stepWall } = await makeStore(t);
    const { signingSecond } = await permitOf(store, alike);
    await stepWall(-600_000);
    await advance((await denied(store, alike)).waitMs);

    t.equal((await permitOf(store, alike)).signingSecond, signingSecond + 1);
  });

  t.test('a request that waits is signed with the second in which it may be sent', async (t) => {
    const { store } = await makeStore(t);
    const free = request({ charges: [charge('account', [{ quota: 1 }])], maxWaitMs: 60_000 });
    const alikeAndTight = { ...free, account: 'other', fingerprint: 'f' };
    const { signingSecond } = await permitOf(store, free);
    const waiting = await admitted(store, free);
    const first = await permitOf(store, alikeAndTight);
    const last = await admitted(store, alikeAndTight);

    // Neither wait is of whole seconds: the second may turn once more in it.
    for (const { permit, waitMs } of [waiting, last]) {
      t.ok(permit.signingSecond >= signingSecond + Math.floor(waitMs / 1_000));
      t.ok(permit.signingSecond <= signingSecond + Math.ceil(waitMs / 1_000));
    }
    t.not(last.permit.signingSecond, first.signingSecond);
  });

  t.test('a second given to a request that waits is given to no other, whichever is sent first', async (t) => {
    const { store, advance } = await makeStore(t);
    const blocked = [charge('account', [{ quota: 10_000 }]), charge('interface', [])];
    await store.block({ account: 'main', partition: 'interface', forMs: 5_000 });
    const waiting = await admitted(store, { ...alike, charges: blocked, maxWaitMs: 5_000 });
    t.equal(waiting.waitMs, 5_000);

    const seconds = [waiting.permit.signingSecond];
    for (let n = 0; n < 7; n += 1) {
      seconds.push((await permitOf(store, alike)).signingSecond);
      await advance(1_000);
    }

    t.equal(new Set(seconds).size, seconds.length);
  });

  t.test('a request may wait for a second that is at most 240 ahead', async (t) => {
    const { store } = await makeStore(t);
    const { signingSecond } = await permitOf(store, alike);
    for (let n = 1; n <= 240; n += 1) await permitOf(store, alike);
    const refused = await denied(store, alike);

    const { permit, waitMs } = await admitted(store, { ...alike, maxWaitMs: 1_000 });

    t.equal(waitMs, refused.waitMs);
    t.equal(permit.signingSecond, signingSecond + 241);
    t.equal((await admitted(store, { ...alike, maxWaitMs: 2_000 })).waitMs, waitMs + 1_000);
  });

  t.test('a skew of the vendor is added to the clock by which the second is chosen', async (t) => {
    const { store, advance } = await makeStore(t);
    const free = request({ charges: plenty });
    const { signingSecond } = await permitOf(store, free);
    t.equal((await permitOf(store, { ...free, clockSkewMs: 100_000 })).signingSecond, signingSecond + 100);
    t.equal((await permitOf(store, { ...free, clockSkewMs: -100_000 })).signingSecond, signingSecond - 100);
    t.equal((await permitOf(store, { ...alike, clockSkewMs: -100_000 })).signingSecond, signingSecond - 100);

    await advance(1_000);
    t.equal((await permitOf(store, { ...alike, clockSkewMs: -100_000 })).signingSecond, signingSecond - 99);
  });

  t.test('requests that are signed alike never share a second, however the skew changes between them', async (t) => {
    const { store, advance } = await makeStore(t);
    const seconds: number[] = [];
    // The clocks part by as much as two replicas' may, one of which has learned of the vendor's clock and one not.
    for (const skewS of [0, 120, -120, 120, 0, -120, 3, 0, -3, 120, 0]) {
      for (const stepMs of [0, 1_000, 21_000]) {
        const decision = await store.admit({ ...alike, clockSkewMs: skewS * 1000, maxWaitMs: 0 });
        if (decision.allowed) seconds.push(decision.permit.signingSecond);
        else t.ok(decision.waitMs <= 450_000);
        await advance(stepMs);
      }
    }
    t.ok(seconds.length > 5);
    t.equal(new Set(seconds).size, seconds.length);
  });
}
