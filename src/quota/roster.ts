/** One process that keeps its quotas in the same Redis. */
export interface Replica {
  /** As in the names of its permits; new at each start. */
  readonly name: string;
  /** Whether it is this process. */
  readonly self: boolean;
  /** Since it was last known to be alive. */
  readonly seenAgoMs: number;
}

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

/** What the rosters of several accounts tell of replicas, by name. */
export function replicasOf(
  members: readonly { readonly seen: ReadonlyMap<string, number> }[],
  { self, now }: { self: string; now: number },
): readonly Replica[] {
  const seen = new Map<string, number>();
  for (const [name, at] of members.flatMap((member) => [...member.seen])) {
    seen.set(name, Math.max(at, seen.get(name) ?? at));
  }
  return [...seen]
    .map(([name, at]) => ({ name, self: name === self, seenAgoMs: Math.round(now - at) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}
