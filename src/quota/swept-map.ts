const SMALLEST_TO_SWEEP = 1024;

/**
 * A map that forgets what is over, without a timer: `sweep` looks at all entries, but only when they have doubled since
 * it last did. So it costs a constant per entry added, and holds at most twice what is alive (or about a thousand).
 */
export class SweptMap<Key, Value> extends Map<Key, Value> {
  #sweepAt = SMALLEST_TO_SWEEP;

  sweep(isOver: (value: Value) => boolean): void {
    if (this.size < this.#sweepAt) return;
    for (const [key, value] of this) if (isOver(value)) this.delete(key);
    this.#sweepAt = Math.max(SMALLEST_TO_SWEEP, 2 * this.size);
  }
}
