import type { NameUse } from './store.ts';
import { SweptMap } from './swept-map.ts';

/** The names that were used up in this process, each for its time. */
export class UsedNames {
  readonly #until = new SweptMap<string, number>();

  /**
   * @param now monotonic ms
   * @returns false if the name is used up, which doesn't lengthen its time
   */
  use({ name, forMs }: NameUse, now: number): boolean {
    if ((this.#until.get(name) ?? now) > now) return false;
    this.#until.sweep((until) => until <= now);
    this.#until.set(name, now + forMs);
    return true;
  }

  /** Takes a use back. */
  forget(name: string): void {
    this.#until.delete(name);
  }
}
