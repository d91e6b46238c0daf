import t from 'tap';
import {
  admitted,
  charge,
  denied,
  LEASE_MS,
  MARGIN_MS,
  permitOf,
  request,
  spend,
  WINDOW_MS,
} from '../conformance/turned-store.ts';
import { recovers, twoReplicas } from '../support/two-replicas.ts';

const SPAN_MS = WINDOW_MS + MARGIN_MS;
const five = request({ charges: [charge('account', [{ quota: 5 }])] });

t.test('after a loss nobody is admitted until every replica has told, and then exactly the rest is left', async (t) => {
  const { fleet, one, other } = await twoReplicas(t);
  await spend(one.store, 1, five);
  await fleet.advance(1_000);
  await spend(other.store, 2, five);
  await fleet.advance(1_000);
  other.awake = false;
  await fleet.redis.flushdb();
  await recovers(t, one, five);

  await fleet.advance(4_000);
  await recovers(t, one, five);
  other.awake = true;
  await fleet.untilReady();

  t.match(await admitted(one.store, five), { states: [{ remaining: 1 }] });
  t.match(await admitted(other.store, five), { states: [{ remaining: 0 }] });
  await denied(one.store, five);
});

t.test('units that a loss has taken away free at the exact time', async (t) => {
  const { fleet, one, other } = await twoReplicas(t);
  await spend(one.store, 1);
  await fleet.advance(300);
  await spend(other.store, 2);
  const spentAt = fleet.clock.monotonic();
  await fleet.redis.flushdb();
  await recovers(t, one);
  await fleet.untilReady();

  const { waitMs } = await denied(other.store);
  t.equal(waitMs, spentAt - 300 + SPAN_MS - fleet.clock.monotonic());
  await fleet.advance(waitMs - 1);
  t.equal((await denied(one.store)).waitMs, 1);
  await fleet.advance(1);
  await admitted(one.store);
  t.equal((await denied(one.store)).waitMs, 300);
});

t.test('with all replicas alive a loss is over in two seconds', async (t) => {
  const { fleet, one } = await twoReplicas(t);
  await spend(one.store, 1);
  await fleet.redis.flushdb();
  await recovers(t, one);

  const tookMs = await fleet.untilReady();
  t.ok(tookMs >= 1_500 && tookMs <= 2_000, `took ${tookMs} ms`);
});

t.test('the signing seconds of a fingerprint go on after a loss, whoever gave them', async (t) => {
  const { fleet, one, other } = await twoReplicas(t);
  const alike = request({ charges: [charge('account', [{ quota: 99 }])], fingerprint: 'f' });
  for (let n = 0; n < 9; n += 1) await permitOf(one.store, alike);
  const { signingSecond } = await permitOf(other.store, alike);
  await fleet.redis.flushdb();
  await recovers(t, one, alike);
  await fleet.untilReady();

  t.equal((await permitOf(one.store, alike)).signingSecond, signingSecond + 1);
});

t.test('a block survives a loss, and ends when it would have', async (t) => {
  const { fleet, one, other } = await twoReplicas(t);
  await one.store.block({ account: 'main', partition: 'account', forMs: 30_000 });
  await fleet.advance(400);
  await fleet.redis.flushdb();
  await recovers(t, other);
  const tookMs = await fleet.untilReady();

  t.equal((await denied(other.store)).waitMs, 30_000 - 400 - tookMs);
});

t.test('a reserved unit survives a loss: nobody gets its place', async (t) => {
  const { fleet, one, other } = await twoReplicas(t);
  const single = request({ charges: [charge('account', [{ quota: 1 }])] });
  await spend(one.store, 1, single);
  const patient = { ...single, maxWaitMs: 60_000 };
  const first = await admitted(one.store, patient);
  t.equal(first.waitMs, SPAN_MS);
  const reservedAt = fleet.clock.monotonic();
  await fleet.redis.flushdb();
  await recovers(t, other, single);
  await fleet.untilReady();

  const second = await admitted(other.store, patient);

  t.equal(
    fleet.clock.monotonic() + second.waitMs,
    reservedAt + first.waitMs + LEASE_MS + SPAN_MS,
    'after the lease of the first',
  );
});

t.test('a unit in flight stays leased through a loss, and is settled after it', async (t) => {
  const { fleet, one, other } = await twoReplicas(t);
  const single = request({ charges: [charge('account', [{ quota: 1 }])], leaseMs: 8_000 });
  const permit = await permitOf(one.store, single);
  const admittedAt = fleet.clock.monotonic();
  await fleet.redis.flushdb();
  await recovers(t, other, single);
  await fleet.untilReady();
  t.equal((await denied(other.store, single)).waitMs, admittedAt + 8_000 + SPAN_MS - fleet.clock.monotonic());

  await one.store.settle(permit);
  t.equal((await denied(other.store, single)).waitMs, SPAN_MS);
});

t.test('a unit settled while nobody is admitted frees a window after that', async (t) => {
  const { fleet, one, other } = await twoReplicas(t);
  const single = request({ charges: [charge('account', [{ quota: 1 }])] });
  const permit = await permitOf(one.store, single);
  await fleet.redis.flushdb();
  await recovers(t, other, single);
  await one.store.settle(permit);
  const tookMs = await fleet.untilReady();

  t.equal((await denied(other.store, single)).waitMs, SPAN_MS - tookMs);
});

t.test('a second loss while the first is being recovered from starts the recovery again', async (t) => {
  const { fleet, one, other } = await twoReplicas(t);
  await spend(one.store, 2);
  await spend(other.store, 1);
  await fleet.redis.flushdb();
  await fleet.beat();
  await fleet.advance(1_400);
  await fleet.redis.flushdb();
  await fleet.advance(1);
  await fleet.beat();

  const tookMs = await fleet.untilReady();
  t.ok(tookMs >= 1_500, `took ${tookMs} ms`);
  await denied(one.store);
  await denied(other.store);
});
