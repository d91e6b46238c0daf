import type { PolicyState, QuotaPolicy } from './store.ts';

/** One partition's log, read at one instant. All times are on the store's monotonic clock. */
export interface Reading {
  /** When the vendor could last see each unit, ascending; those that no window counts may still be among them. */
  readonly lastSeen: readonly number[];
  /** Until when the partition admits nobody. */
  readonly blockedUntil: number;
  readonly marginMs: number;
  readonly now: number;
}

/** Tells how long until a policy has a unit to give if nothing else happens: 0 when it has one now. */
export function waitForUnitMs(policy: QuotaPolicy, { lastSeen, blockedUntil, marginMs, now }: Reading): number {
  const blockedMs = Math.max(0, blockedUntil - now);
  if (lastSeen.length < policy.quota) return blockedMs;
  // A unit is free as soon as the newest `quota` of the log are not all charged, so the oldest of those decides.
  const deciding = lastSeen[lastSeen.length - policy.quota] ?? Number.POSITIVE_INFINITY;
  return Math.max(blockedMs, deciding + policy.windowMs + marginMs - now);
}

/** Describes a policy to its consumers; `allowed` says how the request that asks was decided. */
export function policyState(policy: QuotaPolicy, reading: Reading, { allowed }: { allowed: boolean }): PolicyState {
  const { name, quota, windowMs } = policy;
  const waitMs = waitForUnitMs(policy, reading);
  if (waitMs > 0) return { name, quota, windowMs, remaining: 0, resetMs: waitMs, violated: !allowed };

  const { lastSeen, marginMs, now } = reading;
  const spanMs = windowMs + marginMs;
  const first = firstAfter(lastSeen, now - spanMs);
  const oldest = Math.min(lastSeen[first] ?? now - spanMs, now);
  const remaining = quota - (lastSeen.length - first);
  return { name, quota, windowMs, remaining, resetMs: oldest + spanMs - now, violated: false };
}

/** Finds the index of the first of ascending `instants` that lies after `at`: their length when none does. */
export function firstAfter(instants: readonly number[], at: number): number {
  let low = 0;
  let high = instants.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((instants[middle] ?? at) > at) high = middle;
    else low = middle + 1;
  }
  return low;
}
