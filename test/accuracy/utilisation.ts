/**
 * What was used of what the round trips allow. Of a quota in each window no more than window ÷ (window + mean round trip + margin)
 * can be spent, because a unit is free again only so long after its call came back.
 *
 * How much was spent is taken from whole rounds: as many calls as the quota has units, and as many some rounds later. So it doesn't
 * matter at which point of a round the time begins and ends.
 *
 * @param sentAt of all calls that were carried, in ms
 */
export function utilisation(
  sentAt: readonly number[],
  {
    quota,
    windowMs,
    marginMs,
    roundTripMs,
  }: { quota: number; windowMs: number; marginMs: number; roundTripMs: number },
): number {
  const ascending = sentAt.toSorted((one, other) => one - other);
  const rounds = Math.floor(ascending.length / quota) - 1;
  if (rounds < 1) throw new Error(`${ascending.length} calls are too few to tell`);
  const meanOfRound = (nth: number) => mean(ascending.slice(nth * quota, (nth + 1) * quota));
  const roundMs = (meanOfRound(rounds) - meanOfRound(0)) / rounds;
  const spent = windowMs / roundMs;
  const allowed = windowMs / (windowMs + roundTripMs + marginMs);
  return spent / allowed;
}

/** NaN of nothing. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
