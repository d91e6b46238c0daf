import type { Consumer } from '../catalog/consumer.ts';
import { overloaded } from '../errors.ts';

/**
 * So many signatures of one consumer are remembered in ten minutes, some 20 MB. More than any quota lets through; one that goes on
 * and on after its quota is spent must not fill the memory of all.
 */
const MOST = 100_000;
const COUNTED_FOR_MS = 600_000;

/** How many signatures of each consumer are remembered. */
export class SignatureCounts {
  readonly #counts = new Map<string, { since: number; count: number }>();
  readonly #now: () => number;

  /** @param now monotonic ms */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** @throws `overloaded` where there is room for no more */
  refuseBeyond({ name }: Consumer): void {
    if (this.#of(name).count >= MOST) throw overloaded({ name: `consumer ${name}`, limit: MOST, unit: 'signatures' });
  }

  add({ name }: Consumer): void {
    this.#of(name).count += 1;
  }

  #of(name: string): { since: number; count: number } {
    const known = this.#counts.get(name);
    if (known !== undefined && this.#now() - known.since < COUNTED_FOR_MS) return known;
    const begun = { since: this.#now(), count: 0 };
    this.#counts.set(name, begun);
    return begun;
  }
}
