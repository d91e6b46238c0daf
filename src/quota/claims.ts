import type { PolicyState, QuotaPolicy } from './store.ts';
import type { UnitLog } from './unit-log.ts';
import { policyState, type Reading, waitForUnitMs } from './window.ts';

/** A charge, with the log of its partition and how long that keeps the units of it. */
export interface Claim {
  readonly partition: string;
  readonly policies: readonly QuotaPolicy[];
  readonly keepMs: number;
  readonly log: UnitLog;
}

/** Tells how long until every claim has a unit to give: 0 when all have one now. */
export function longestWaitMs(
  claims: readonly Claim[],
  at: { readonly marginMs: number; readonly now: number },
): number {
  let longest = 0;
  for (const { log, policies } of claims) {
    // Asked for itself as well: a blocked partition admits nobody, also when no policy limits it.
    longest = Math.max(longest, log.blockedUntil - at.now);
    const reading = read(log, at);
    for (const policy of policies) longest = Math.max(longest, waitForUnitMs(policy, reading));
  }
  return longest;
}

/** Describes all policies, in the order of the claims. */
export function policyStates(
  claims: readonly Claim[],
  at: { readonly marginMs: number; readonly now: number; readonly allowed: boolean },
): readonly PolicyState[] {
  return claims.flatMap(({ log, policies }) => {
    const reading = read(log, at);
    return policies.map((policy) => policyState(policy, reading, at));
  });
}

function read(log: UnitLog, { marginMs, now }: { readonly marginMs: number; readonly now: number }): Reading {
  return { lastSeen: log.lastSeen, blockedUntil: log.blockedUntil, marginMs, now };
}
