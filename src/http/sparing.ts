/** Remembered kinds; beyond that the oldest is forgotten, and would be told of at once. */
const MOST_KINDS = 100;

/**
 * Makes a function that tells of what may come in floods: of the first of each kind at once, then once per `everyMs` at most, with
 * how many there were since it was last told.
 *
 * @param options.now monotonic ms
 */
export function createSparing(options: {
  now: () => number;
  everyMs: number;
}): (kind: string, tell: (count: number) => void) => void {
  const { now, everyMs } = options;
  const untold = new Map<string, { count: number; nextAt: number }>();
  return (kind, tell) => {
    const about = untold.get(kind) ?? { count: 0, nextAt: Number.NEGATIVE_INFINITY };
    about.count += 1;
    untold.set(kind, about);
    const [oldest] = untold.keys();
    if (untold.size > MOST_KINDS && oldest !== undefined) untold.delete(oldest);
    if (now() < about.nextAt) return;
    tell(about.count);
    about.count = 0;
    about.nextAt = now() + everyMs;
  };
}
