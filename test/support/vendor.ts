/** What the vendor counts: when it saw each request, and what each was signed with. */
export class Vendor {
  readonly #seen: { readonly partitions: readonly string[]; readonly at: number }[] = [];
  readonly #signed = new Map<string, number[]>();

  /** Sees one request. */
  see(partitions: readonly string[], at: number): void {
    this.#seen.push({ partitions, at });
  }

  /** Tells of a second that was given to sign with. */
  sign(fingerprint: string, { second, at }: { second: number; at: number }): void {
    const key = `${fingerprint} ${second}`;
    this.#signed.set(key, [...(this.#signed.get(key) ?? []), at]);
  }

  get count(): number {
    return this.#seen.length;
  }

  /** The most requests of one partition in any window, whatever its phase. */
  worstWindow(partition: string, windowMs: number): number {
    const instants = this.#seen
      .filter(({ partitions }) => partitions.includes(partition))
      .map(({ at }) => at)
      .sort((one, other) => one - other);
    let worst = 0;
    let first = 0;
    for (const [index, at] of instants.entries()) {
      while ((instants[first] ?? at) <= at - windowMs) first += 1;
      worst = Math.max(worst, index - first + 1);
    }
    return worst;
  }

  /** The signatures that it would refuse as replays: the same fingerprint and second within five minutes. */
  replays(): string[] {
    return [...this.#signed]
      .filter(([, instants]) => instants.some((at, index) => index > 0 && at - (instants[index - 1] ?? at) < 300_000))
      .map(([key]) => key);
  }
}
