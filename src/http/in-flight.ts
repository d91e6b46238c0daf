import { overloaded } from '../errors.ts';

/** What bears requests, and how many at one time; without a limit nobody counts. */
export interface Bearer {
  /** `account main`, `listener http://127.0.0.1:8080`; the whole gateway has no name. */
  readonly name: string;
  readonly limit: number | undefined;
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
  readonly #count: (name: string, change: 1 | -1) => number;
  readonly #names: string[] = [];
  #counted = true;

  constructor(count: (name: string, change: 1 | -1) => number) {
    this.#count = count;
  }

  /** @throws `overloaded` when as many as it bears are under way already */
  enter({ name, limit }: Bearer): void {
    if (limit === undefined) return;
    if (this.#count(name, 1) > limit) {
      this.#count(name, -1);
      throw overloaded({ name, limit });
    }
    this.#names.push(name);
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
    this.#names.length = 0;
  }

  #change(counted: boolean): void {
    if (this.#counted === counted) return;
    this.#counted = counted;
    for (const name of this.#names) this.#count(name, counted ? 1 : -1);
  }
}
