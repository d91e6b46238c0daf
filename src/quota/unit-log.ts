import type { ChargedUnit } from './store.ts';
import { firstAfter } from './window.ts';

const SMALLEST_TO_COMPACT = 64;

/** One unit: when the vendor could last see its request, and the tag of who spent it. */
export interface Unit {
  readonly lastSeen: number;
  readonly tag: string;
}

/**
 * The units of one partition, ascending by when the vendor could last see each. Units in flight and reserved ones are at
 * the end, so adding, settling and taking back move no more than those; the past is dropped each time the log has doubled.
 * Units of one instant and one tag are alike: the log doesn't know whose they are.
 */
export class UnitLog {
  // Two arrays, because windows are read from plain numbers at every decision, and the tags only when somebody asks.
  readonly #lastSeen: number[] = [];
  readonly #tags: string[] = [];
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

  add(unit: Unit, now: number): void {
    if (this.#lastSeen.length >= this.#compactAt) this.#compact(now);
    this.#place(unit, this.#lastSeen.length);
  }

  /** Shortens one unit to the earlier `to`. The unit must be there. */
  shorten(unit: Unit, to: number): void {
    this.#place({ ...unit, lastSeen: to }, this.#find(unit));
  }

  /** Takes back one unit. It must be there. */
  remove(unit: Unit): void {
    const index = this.#find(unit);
    this.#lastSeen.splice(index, 1);
    this.#tags.splice(index, 1);
  }

  blockUntil(instant: number): void {
    this.#blockedUntil = Math.max(this.#blockedUntil, instant);
  }

  /** Tells the units that the longest window counts, oldest first. */
  charged(now: number): readonly ChargedUnit[] {
    const first = this.#firstCharged(now);
    return this.#lastSeen.slice(first).map((lastSeen, index) => ({
      tag: this.#tags[first + index] ?? '',
      ageMs: now - lastSeen,
    }));
  }

  /** Whether nothing is charged or blocked any more, so that a new log would say the same. */
  isOver(now: number): boolean {
    return this.#blockedUntil <= now && this.#firstCharged(now) === this.#lastSeen.length;
  }

  #firstCharged(now: number): number {
    return firstAfter(this.#lastSeen, now - this.#longestMs);
  }

  /** Finds the last of the units that are like this one. */
  #find({ lastSeen, tag }: Unit): number {
    let index = firstAfter(this.#lastSeen, lastSeen) - 1;
    while (this.#tags[index] !== tag && this.#lastSeen[index - 1] === lastSeen) index -= 1;
    return index;
  }

  /** Writes a unit where it sorts; what lies between there and `hole` moves up by one, over `hole`. */
  #place({ lastSeen, tag }: Unit, hole: number): void {
    let index = hole;
    while (index > 0) {
      const before = this.#lastSeen[index - 1];
      if (before === undefined || before <= lastSeen) break;
      this.#lastSeen[index] = before;
      this.#tags[index] = this.#tags[index - 1] ?? '';
      index -= 1;
    }
    this.#lastSeen[index] = lastSeen;
    this.#tags[index] = tag;
  }

  #compact(now: number): void {
    const first = this.#firstCharged(now);
    this.#lastSeen.splice(0, first);
    this.#tags.splice(0, first);
    this.#compactAt = Math.max(SMALLEST_TO_COMPACT, 2 * this.#lastSeen.length);
  }
}
