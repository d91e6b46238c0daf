/** When each replica of an account was last alive, as far as one of them knows: what a store that lost its data is told. */
export class Roster {
  readonly #seen = new Map<string, number>();

  /** Name and instant of each, on our monotonic clock. */
  get entries(): ReadonlyMap<string, number> {
    return this.#seen;
  }

  /**
   * Takes in what the store knows, and forgets who is long gone.
   *
   * @param told names and ages in ms, in turn
   */
  learn(told: readonly (string | number)[], { now, horizonMs }: { now: number; horizonMs: number }): void {
    for (let index = 0; index < told.length; index += 2) {
      const name = String(told[index]);
      const seenAt = now - Number(told[index + 1]);
      this.#seen.set(name, Math.max(seenAt, this.#seen.get(name) ?? seenAt));
    }
    for (const [name, seenAt] of this.#seen) if (seenAt < now - horizonMs) this.#seen.delete(name);
  }

  /** How many replicas come before one by name: all of them reckon alike, so no two of them have one rank. */
  rankOf(replica: string): number {
    return [...this.#seen.keys()].filter((name) => name < replica).length;
  }
}
