import { overloaded } from '../errors.ts';

/** What bears requests, and how many at one time; without a limit nobody counts. */
export interface Bearer {
  /** `account main`, `listener http://127.0.0.1:8080`; the whole gateway has no name. */
  readonly name: string;
  readonly limit: number | undefined;
  /** What is counted; requests if it doesn't say. */
  readonly unit?: string;
}

/**
 * Requests under way, by what bears them. Counted by name, so that a limit may change while the count goes on. A request that
 * waits for its quota bears on nobody.
 */
export class InFlight {
  readonly #counts = new Map<string, number>();

  /** A request at its beginning. */
  stay(): Stay {
    return new Stay((name, change) => {
      const count = (this.#counts.get(name) ?? 0) + change;
      if (count === 0) this.#counts.delete(name);
      else this.#counts.set(name, count);
      return count;
    });
  }
}

/** One request, as far as it counts as one that is under way. */
export class Stay {
  readonly #count: (name: string, change: number) => number;
  /** What bears it, and how much of it. */
  readonly #borne = new Map<string, number>();
  #counted = true;
  #isOver = false;

  constructor(count: (name: string, change: number) => number) {
    this.#count = count;
  }

  /** Changes nothing once it is over. @throws `overloaded` when as many as it bears are under way already */
  enter({ name, limit, unit }: Bearer, weight = 1): void {
    if (limit === undefined || this.#isOver) return;
    if (this.#count(name, weight) > limit) {
      this.#count(name, -weight);
      throw overloaded({ name, limit, ...(unit && { unit }) });
    }
    this.#borne.set(name, weight);
  }

  /** Bears on that one no more. */
  leave(name: string): void {
    if (this.#counted) this.#count(name, -(this.#borne.get(name) ?? 0));
    this.#borne.delete(name);
  }

  /** It waits for its quota, until `resume`. */
  pause(): void {
    this.#change(false);
  }

  /** It goes on, however many are under way by now: its units are spent. */
  resume(): void {
    this.#change(true);
  }

  /** It is over. */
  end(): void {
    this.#change(false);
    this.#borne.clear();
    this.#isOver = true;
  }

  #change(counted: boolean): void {
    if (this.#counted === counted) return;
    this.#counted = counted;
    for (const [name, weight] of this.#borne) this.#count(name, counted ? weight : -weight);
  }
}
