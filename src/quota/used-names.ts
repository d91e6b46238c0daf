import { SweptMap } from './swept-map.ts';

/** The names that were used up in this process, each for its time. All instants are in monotonic ms. */
export class UsedNames {
  readonly #until = new SweptMap<string, number>();

  isUsed(name: string, now: number): boolean {
    return (this.#until.get(name) ?? now) > now;
  }

  /** Uses up a name that isn't. */
  use(name: string, { until, now }: { until: number; now: number }): void {
    this.#until.sweep((end) => end <= now);
    this.#until.set(name, until);
  }

  /** Takes a use back. */
  forget(name: string): void {
    this.#until.delete(name);
  }
}
