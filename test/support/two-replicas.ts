import type { Test } from 'tap';
import type { Admission } from '../../src/quota/store.ts';
import { request } from '../conformance/turned-store.ts';
import { type Fleet, type Replica, type ReplicaOptions, startFleet } from './fleet.ts';

/** Two replicas of one Redis, both ready. */
export async function twoReplicas(
  t: Test,
  options: ReplicaOptions = {},
): Promise<{ fleet: Fleet; one: Replica; other: Replica }> {
  const fleet = await startFleet(t, options);
  const [one, other] = await fleet.joinReady(2);
  if (one === undefined || other === undefined) throw new Error('two replicas were asked for');
  return { fleet, one, other };
}

/** The replica can't decide yet, because it finds out what was spent. */
export async function recovers(t: Test, { store }: Replica, admission: Admission = request()): Promise<void> {
  await t.rejects(store.admit(admission), { message: /finds out what was spent|clock of Redis has jumped/ });
}

/** The store can't be asked. */
export async function isUnreachable(t: Test, { store }: Replica, admission: Admission = request()): Promise<void> {
  await t.rejects(store.admit(admission), { message: /cannot be asked|did not answer in time/ });
}
