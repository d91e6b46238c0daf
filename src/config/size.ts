/** A size in the file: `10MiB`. Fifteen digits keep the largest one a finite number. */
export const SIZE = '^[1-9][0-9]{0,14}(B|KiB|MiB|GiB)$';

const BYTES_PER_UNIT: ReadonlyMap<string, number> = new Map([
  ['B', 1],
  ['KiB', 2 ** 10],
  ['MiB', 2 ** 20],
  ['GiB', 2 ** 30],
]);

/** Reads `10MiB` as 10 485 760 bytes; NaN for a text that is not a size. */
export function parseSizeBytes(text: string): number {
  const [, unit] = new RegExp(SIZE).exec(text) ?? [];
  return Number.parseInt(text, 10) * (BYTES_PER_UNIT.get(unit ?? '') ?? Number.NaN);
}
