import fc from 'fast-check';
import type { Test } from 'tap';
import type { Permit, QuotaPolicy, QuotaStore } from '../../src/quota/store.ts';
import { charge, denied, type MakeStore, request, type TurnedStore } from './turned-store.ts';

const LEASE_MS = 600;
const RUNS = 150;
/** Few units in short windows, so that most histories meet the limits. */
const policies: readonly QuotaPolicy[] = [
  { name: 'short', quota: 3, windowMs: 1_000 },
  { name: 'long', quota: 5, windowMs: 2_500 },
];

/** What must hold after any history. */
export function windowProperties(t: Test, makeStore: MakeStore): void {
  t.test('no window of any phase holds more requests, as the vendor sees them, than the quota', async (t) => {
    let refusals = 0;
    let waits = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(journey, { minLength: 10, maxLength: 60 }), async (journeys) => {
        const { seen, refused, waited } = await travel(journeys, await makeStore(t));
        refusals += refused;
        waits += waited;
        return policies.every((policy) => seen.every((start) => seenInWindow(seen, start, policy) <= policy.quota));
      }),
      { numRuns: RUNS },
    );
    t.ok(refusals > 0, 'the limits were met');
    t.ok(waits > 0, 'and waited for');
  });

  t.test('a denied request is allowed after exactly the time that it was told, and not before', async (t) => {
    await fc.assert(
      fc.asyncProperty(fc.array(spending, { maxLength: 20 }), fc.nat(2), async (spendings, last) => {
        const { store, advance } = await makeStore(t);
        for (const { gapMs, which, blockMs } of spendings) {
          await advance(gapMs);
          if (blockMs > 0) await store.block({ account: 'main', partition: 'interface', forMs: blockMs });
          await trySpend(store, admissions(which));
        }
        while (await trySpend(store, admissions(last)));

        const { waitMs } = await denied(store, admissions(last));
        await advance(waitMs - 1);
        const before = await store.admit(admissions(last));
        await advance(1);
        const after = await store.admit(admissions(last));
        return !before.allowed && before.waitMs === 1 && after.allowed;
      }),
      { numRuns: RUNS },
    );
    t.pass();
  });

  t.test('requests that are signed alike never get one second twice, wherever the wall clock is stepped', async (t) => {
    await fc.assert(
      fc.asyncProperty(fc.array(signing, { minLength: 5, maxLength: 60 }), async (steps) => {
        const { store, advance, stepWall } = await makeStore(t);
        const given: number[] = [];
        let offsetMs = 0;
        for (const { gapMs, toOffsetMs } of steps) {
          await advance(gapMs);
          await stepWall(toOffsetMs - offsetMs);
          offsetMs = toOffsetMs;
          const decision = await store.admit(
            request({ charges: [charge('account', [{ quota: 99 }])], fingerprint: 'f' }),
          );
          if (decision.allowed) given.push(decision.permit.signingSecond);
        }
        return new Set(given).size === given.length;
      }),
      { numRuns: RUNS },
    );
    t.pass();
  });
}

/** One request on its way: when it asks, how long from its sending to its answer, and when in between the vendor sees it. */
interface Journey {
  readonly gapMs: number;
  readonly maxWaitMs: number;
  readonly latencyMs: number;
  readonly seenAtPercent: number;
  readonly outcome: 'sent' | 'unsent' | 'unknown';
}

const gap = fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(400) });
const journey: fc.Arbitrary<Journey> = fc.record({
  gapMs: gap,
  maxWaitMs: fc.oneof(fc.constant(0), fc.nat(4_000)),
  latencyMs: fc.nat(LEASE_MS + 200),
  seenAtPercent: fc.constantFrom(0, 50, 100),
  outcome: fc.oneof(
    { weight: 6, arbitrary: fc.constant('sent' as const) },
    { weight: 1, arbitrary: fc.constantFrom('unsent' as const, 'unknown' as const) },
  ),
});
const spending = fc.record({ gapMs: gap, which: fc.nat(2), blockMs: fc.oneof(fc.constant(0), fc.nat(3_000)) });
const signing = fc.record({
  gapMs: fc.oneof(fc.nat(2_000), fc.nat(400_000)),
  toOffsetMs: fc.integer({ min: -600_000, max: 0 }),
});

/**
 * Sends all requests as a gateway would, without any margin, and tells when the vendor saw those that reached it. What is
 * not sent is given back, some of it while it still waits.
 */
async function travel(journeys: readonly Journey[], { store, advance }: TurnedStore) {
  const open: { readonly at: number; readonly permit: Permit; readonly outcome: Journey['outcome'] }[] = [];
  const seen: number[] = [];
  let now = 0;
  let refused = 0;
  let waited = 0;
  const advanceTo = async (at: number) => {
    await advance(at - now);
    now = at;
  };
  const closeUntil = async (at: number) => {
    open.sort((a, b) => a.at - b.at);
    for (let next = open[0]; next !== undefined && next.at <= at; next = open[0]) {
      open.shift();
      const { permit, outcome } = next;
      await advanceTo(next.at);
      if (outcome === 'sent') await store.settle(permit);
      if (outcome === 'unsent') await store.refund(permit);
    }
    await advanceTo(at);
  };

  for (const { gapMs, maxWaitMs, latencyMs, seenAtPercent, outcome } of journeys) {
    await closeUntil(now + gapMs);
    const charges = [charge('account', policies)];
    const decision = await store.admit(request({ charges, marginMs: 0, leaseMs: LEASE_MS, maxWaitMs }));
    if (!decision.allowed) {
      refused += 1;
      continue;
    }
    const { permit, waitMs } = decision;
    if (waitMs > 0) waited += 1;
    const sentAt = now + waitMs;
    open.push({ at: (outcome === 'unsent' ? now : sentAt) + latencyMs, permit, outcome });
    if (outcome !== 'unsent') seen.push(sentAt + Math.floor((Math.min(latencyMs, LEASE_MS) * seenAtPercent) / 100));
  }
  return { seen, refused, waited };
}

function seenInWindow(seen: readonly number[], start: number, { windowMs }: QuotaPolicy): number {
  return seen.filter((at) => at >= start && at < start + windowMs).length;
}

/** Three kinds of request that share partitions. */
function admissions(which: number) {
  const account = charge('account', [{ quota: 4, windowMs: 2_000 }]);
  const apiInterface = charge('interface', policies);
  return request({ charges: [[account], [apiInterface], [account, apiInterface]][which] ?? [] });
}

async function trySpend(store: QuotaStore, admission: ReturnType<typeof request>): Promise<boolean> {
  const decision = await store.admit(admission);
  if (decision.allowed) await store.settle(decision.permit);
  return decision.allowed;
}
