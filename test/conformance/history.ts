import fc from 'fast-check';
import type { Admission, Decision, PartitionUsage, Permit } from '../../src/quota/store.ts';
import { charge, LEASE_MS, request, type TurnedStore, usageOf } from './turned-store.ts';

/** One thing that happens to a store. `nth` picks one of all permits so far, also closed ones. */
export type Step =
  | { readonly kind: 'admit'; readonly admission: Admission }
  | { readonly kind: 'settle' | 'refund'; readonly nth: number }
  | { readonly kind: 'block'; readonly account: string; readonly partition: string; readonly forMs: number }
  | { readonly kind: 'usage'; readonly account: string }
  | { readonly kind: 'use'; readonly name: string }
  | { readonly kind: 'advance' | 'step-wall'; readonly ms: number };

/** What a store decided, without what each store is free to choose: ids and the start of its clock. */
type Decided = Omit<Decision, 'permit'> & { readonly signingSecond?: number };

/** What a store said: a decision, what is charged, or whether a name was used for the first time. */
export type Observation = Decided | { readonly usage: readonly PartitionUsage[] } | { readonly first: boolean };

/** Longer than any history, because Redis lets names go by a clock of its own. */
const USED_FOR_MS = 3_600_000;

/** Plays a history, and tells all that the store said, so that two stores can be compared. */
export async function play(
  history: readonly Step[],
  { store, advance, stepWall }: TurnedStore,
): Promise<Observation[]> {
  const permits: Permit[] = [];
  const observations: Observation[] = [];
  for (const step of history) {
    switch (step.kind) {
      case 'admit': {
        const decision = await store.admit(step.admission);
        if (decision.allowed) {
          const { permit, ...observation } = decision;
          permits.push(permit);
          observations.push({ ...observation, signingSecond: permit.signingSecond });
        } else observations.push(decision);
        break;
      }
      case 'settle':
      case 'refund': {
        const permit = permits[step.nth % permits.length];
        if (permit !== undefined) await store[step.kind](permit);
        break;
      }
      case 'block':
        await store.block(step);
        break;
      case 'usage':
        observations.push({ usage: await usageOf(store, step.account) });
        break;
      case 'use':
        observations.push({ first: await store.useOnce({ name: step.name, forMs: USED_FOR_MS }) });
        break;
      case 'advance':
        await advance(step.ms);
        break;
      case 'step-wall':
        await stepWall(step.ms);
        break;
    }
  }
  return observations;
}

const account = fc.constantFrom('main', 'main', 'other');
const fingerprint = fc.constantFrom('f', 'g');
const quota = fc.integer({ min: 1, max: 6 });
// Each partition always has the same windows: how much of the past a window sees that is new and longer, a store may choose.
const accountCharge = quota.map((quota) => charge('account', [{ quota, windowMs: 8_000 }]));
const interfaceCharge = fc
  .tuple(fc.constantFrom('interface a', 'interface b'), quota, quota)
  .map(([name, short, long]) =>
    charge(name, [
      { name: 'short', quota: short, windowMs: 4_000 },
      { name: 'long', quota: long + 2, windowMs: 20_000 },
    ]),
  );
const admission = fc
  .record(
    {
      account,
      charges: fc.oneof(fc.tuple(accountCharge), fc.tuple(interfaceCharge), fc.tuple(accountCharge, interfaceCharge)),
      leaseMs: fc.oneof({ weight: 4, arbitrary: fc.constant(LEASE_MS) }, { weight: 1, arbitrary: fc.nat(6_000) }),
      consumer: fc.constantFrom('someone', 'somebody', 'nobody'),
      maxWaitMs: fc.oneof(fc.constant(0), fc.nat(15_000)),
      fingerprint,
      clockSkewMs: fc.constantFrom(0, 0, 3_000, -20_000, 120_000, -120_000),
    },
    { requiredKeys: ['account', 'charges', 'leaseMs', 'consumer', 'maxWaitMs'] },
  )
  .map((given) => request(given));

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 10, arbitrary: fc.record({ kind: fc.constant('admit' as const), admission }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('settle' as const), nth: fc.nat(50) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('refund' as const), nth: fc.nat(50) }) },
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('advance' as const), ms: fc.oneof(fc.nat(300), fc.nat(6_000)) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('usage' as const), account }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('use' as const), name: fc.constantFrom('a', 'b', 'c') }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('step-wall' as const), ms: fc.integer({ min: -20_000, max: 20_000 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('block' as const),
      account,
      partition: fc.constantFrom('account', 'interface a'),
      forMs: fc.nat(9_000),
    }),
  },
);

/** Everything that may happen to a store, over a few minutes. */
export const history: fc.Arbitrary<readonly Step[]> = fc.array(step, { minLength: 1, maxLength: 120, size: 'max' });
