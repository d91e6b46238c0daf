import { firstAfter } from './window.ts';

const SMALLEST_TO_COMPACT = 64;

/**
 * The units of one partition, as ascending instants at which the vendor could last see each. Units in flight are at the
 * end, so adding, settling and taking back move no more than those; the past is dropped each time the log has doubled.
 * Units with one instant are alike: the log doesn't know whose they are.
 */
export class UnitLog {
  readonly #lastSeen: number[] = [];
  #longestMs = 0;
  #compactAt = SMALLEST_TO_COMPACT;
  #blockedUntil = Number.NEGATIVE_INFINITY;

  get lastSeen(): readonly number[] {
    return this.#lastSeen;
  }

  get blockedUntil(): number {
    return this.#blockedUntil;
  }

  /** Keeps units for at least this long from now on: the longest window, with its margin, that was ever asked about. */
  keep(forMs: number): void {
    this.#longestMs = Math.max(this.#longestMs, forMs);
  }

  add(lastSeen: number, now: number): void {
    if (this.#lastSeen.length >= this.#compactAt) this.#compact(now);
    this.#place(lastSeen, this.#lastSeen.length);
  }

  /** Shortens one unit of `from` to the earlier `to`. The unit must be there. */
  shorten(from: number, to: number): void {
    this.#place(to, firstAfter(this.#lastSeen, from) - 1);
  }

  /** Takes back one unit. It must be there. */
  remove(lastSeen: number): void {
    this.#lastSeen.splice(firstAfter(this.#lastSeen, lastSeen) - 1, 1);
  }

  blockUntil(instant: number): void {
    this.#blockedUntil = Math.max(this.#blockedUntil, instant);
  }

  /** Whether nothing is charged or blocked any more, so that a new log would say the same. */
  isOver(now: number): boolean {
    return this.#blockedUntil <= now && firstAfter(this.#lastSeen, now - this.#longestMs) === this.#lastSeen.length;
  }

  /** Writes an instant where it sorts; what lies between there and `hole` moves up by one, over `hole`. */
  #place(instant: number, hole: number): void {
    let index = hole;
    while (index > 0) {
      const before = this.#lastSeen[index - 1];
      if (before === undefined || before <= instant) break;
      this.#lastSeen[index] = before;
      index -= 1;
    }
    this.#lastSeen[index] = instant;
  }

  #compact(now: number): void {
    this.#lastSeen.splice(0, firstAfter(this.#lastSeen, now - this.#longestMs));
    this.#compactAt = Math.max(SMALLEST_TO_COMPACT, 2 * this.#lastSeen.length);
  }
}
