/** How far a caller's clock may be off, either way: as the vendor has it for its own keys ("AK/SK authentication"). */
const TOLERANCE_MS = 300_000;

/** Whether an instant is close enough to now; both in ms since 1970. */
export function isCurrent(instant: number, now: number): boolean {
  return Math.abs(instant - now) <= TOLERANCE_MS;
}

/**
 * How long what was signed must be remembered so that it is good once: until its instant is five minutes past, and another five for
 * clocks of replicas that differ or are stepped.
 *
 * @param instant ms since 1970, as signed
 */
export function rememberedMs(instant: number, now: number): number {
  return instant + 2 * TOLERANCE_MS - now;
}
