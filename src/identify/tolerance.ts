/** How far a caller's clock may be off, either way: as the vendor has it for its own keys ("AK/SK authentication"). */
const TOLERANCE_MS = 300_000;

/** Whether an instant is close enough to now; both in ms since 1970. */
export function isCurrent(instant: number, now: number): boolean {
  return Math.abs(instant - now) <= TOLERANCE_MS;
}

/**
 * How long what was signed must be remembered so that it is good once: from five minutes ahead of the clock to five minutes behind
 * it, and another five for clocks of replicas that differ or are stepped.
 */
export const REMEMBERED_MS = 3 * TOLERANCE_MS;
