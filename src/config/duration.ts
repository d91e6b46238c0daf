/** A duration in the file, zero allowed: `0s`, `1s`. */
export const DURATION = '^(0|[1-9][0-9]*)(ms|s|m|h|d)$';

/** A duration in the file that may not be zero: `5m`. */
export const POSITIVE_DURATION = '^[1-9][0-9]*(ms|s|m|h|d)$';

const MS_PER_UNIT: ReadonlyMap<string, number> = new Map([
  ['ms', 1],
  ['s', 1_000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
]);

/** Reads `5m` as 300 000 ms; NaN for a text that is not a duration. */
export function parseDurationMs(text: string): number {
  const [, count, unit] = new RegExp(DURATION).exec(text) ?? [];
  return Number(count) * (MS_PER_UNIT.get(unit ?? '') ?? Number.NaN);
}
