import { MOST_AHEAD_S, REMEMBERED_IN_REDIS_S } from './signing-seconds.ts';
import { SweptMap } from './swept-map.ts';

/** Where a unit is charged, and for how long after the vendor could last see its request. */
export interface Place {
  readonly partition: string;
  readonly keepsMs: number;
}

/** What this replica knows of one of its permits. All instants are on its own monotonic clock. */
export interface OwnUnit {
  readonly places: readonly Place[];
  lastSeen: number;
  /** Asked for, and not answered yet: it may be charged, and isn't ours. */
  readonly pending: boolean;
  /** Told to the store with a seed, so that it may be there whatever the store answered. */
  seeded: boolean;
}

/** A signing second that this replica was given. */
interface GivenSecond {
  readonly second: number;
  readonly rememberedUntil: number;
}

/** As long as Redis needs it. */
const SIGNATURE_REMEMBERED_MS = (MOST_AHEAD_S + REMEMBERED_IN_REDIS_S) * 1000;

/**
 * What one replica has spent of one account, for as long as anybody counts it. The store is the truth; this is what a store that
 * lost its data is told.
 */
export class Ledger {
  readonly units = new SweptMap<string, OwnUnit>();
  readonly signatures = new SweptMap<string, GivenSecond>();
  readonly #blocks = new SweptMap<string, number>();

  add(id: string, unit: Pick<OwnUnit, 'places' | 'lastSeen' | 'pending'>, now: number): void {
    this.units.sweep((known) => isOver(known, now));
    this.units.set(id, { ...unit, seeded: false });
  }

  /** The vendor saw it by now. Only shortens. */
  settle(id: string, now: number): void {
    const unit = this.units.get(id);
    if (unit !== undefined) unit.lastSeen = Math.min(unit.lastSeen, now);
  }

  /** @returns whether a store was told of it, so that it has to be told again */
  remove(id: string): boolean {
    const seeded = this.units.get(id)?.seeded ?? false;
    this.units.delete(id);
    return seeded;
  }

  sign(fingerprint: string, second: number, now: number): void {
    this.signatures.sweep((given) => given.rememberedUntil <= now);
    this.signatures.set(fingerprint, { second, rememberedUntil: now + SIGNATURE_REMEMBERED_MS });
  }

  block(partition: string, until: number, now: number): void {
    this.#blocks.sweep((end) => end <= now);
    this.#blocks.set(partition, Math.max(until, this.#blocks.get(partition) ?? 0));
  }

  blockedUntil(partition: string): number {
    return this.#blocks.get(partition) ?? Number.NEGATIVE_INFINITY;
  }

  blocks(now: number): [partition: string, until: number][] {
    return [...this.#blocks].filter(([, until]) => until > now);
  }

  /** Copies of the units that somebody still counts and that are ours beyond doubt. */
  held(now: number): readonly OwnUnit[] {
    return this.charged(now).flatMap(([, unit]) => (unit.pending ? [] : [{ ...unit }]));
  }

  /** Units that somebody still counts. */
  charged(now: number): [id: string, unit: OwnUnit][] {
    return [...this.units].filter(([, unit]) => !isOver(unit, now));
  }
}

function isOver({ places, lastSeen }: OwnUnit, now: number): boolean {
  return places.every(({ keepsMs }) => lastSeen + keepsMs <= now);
}
