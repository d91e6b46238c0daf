import type { Test } from 'tap';
import type {
  Admission,
  Charge,
  Decision,
  PartitionUsage,
  Permit,
  QuotaPolicy,
  QuotaStore,
} from '../../src/quota/store.ts';

/** An empty store, and the hands of the clocks that it reads. */
export interface TurnedStore {
  readonly store: QuotaStore;
  /** Lets time pass, on both clocks. */
  advance(ms: number): Promise<void>;
  /** Steps the time of day alone, either way. */
  stepWall(ms: number): Promise<void>;
}

/** Makes a store for one test, which may leave its clearing away to `t.teardown`. */
export type MakeStore = (t: Test) => Promise<TurnedStore>;

export const WINDOW_MS = 10_000;
export const MARGIN_MS = 100;
export const LEASE_MS = 3_000;

/** Names the charge of one partition, by default 3 in 10 s of the account. */
export function charge(partition = 'account', policies: readonly Partial<QuotaPolicy>[] = [{}]): Charge {
  return {
    partition,
    policies: policies.map((policy) => ({ name: partition, quota: 3, windowMs: WINDOW_MS, ...policy })),
  };
}

/** Asks for one unit of the account and would not wait for it, unless told otherwise. */
export function request(admission: Partial<Admission> = {}): Admission {
  return {
    account: 'main',
    charges: [charge()],
    marginMs: MARGIN_MS,
    leaseMs: LEASE_MS,
    consumer: 'someone',
    maxWaitMs: 0,
    ...admission,
  };
}

/** Admits what the test relies on, and throws if it is denied. */
export async function admitted(
  store: QuotaStore,
  admission: Admission = request(),
): Promise<Extract<Decision, { allowed: true }>> {
  const decision = await store.admit(admission);
  if (!decision.allowed) throw new Error(`denied for ${decision.waitMs} ms, where the test needs a permit`);
  return decision;
}

/** Is denied as the test expects, and throws if it is allowed. */
export async function denied(
  store: QuotaStore,
  admission: Admission = request(),
): Promise<Extract<Decision, { allowed: false }>> {
  const decision = await store.admit(admission);
  if (decision.allowed) throw new Error('allowed, where the test needs a denial');
  return decision;
}

/** Spends `count` units whose requests were answered at once. */
export async function spend(store: QuotaStore, count: number, admission: Admission = request()): Promise<void> {
  for (let n = 0; n < count; n += 1) await store.settle(await permitOf(store, admission));
}

/** Admits, and keeps only the permit. */
export async function permitOf(store: QuotaStore, admission: Admission = request()): Promise<Permit> {
  return (await admitted(store, admission)).permit;
}

/** Asks what is charged, put in one order: a store may tell partitions, and units of one instant, in any. */
export async function usageOf(store: QuotaStore, account = 'main'): Promise<readonly PartitionUsage[]> {
  const partitions = [...(await store.usage(account))].sort((a, b) => compare(a.partition, b.partition));
  return partitions.map((usage) => ({
    ...usage,
    units: [...usage.units].sort((a, b) => b.ageMs - a.ageMs || compare(a.tag, b.tag)),
  }));
}

function compare(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}
