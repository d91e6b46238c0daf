import type { AccountKeys } from './account-keys.ts';
import type { Ledger } from './ledger.ts';

/** Redis copies a script's arguments; a few hundred at a time keep other callers waiting for less than a millisecond. */
const UNITS_PER_CHUNK = 500;

/** One call of the seed script. */
export interface SeedChunk {
  readonly keys: readonly string[];
  readonly args: readonly (string | number)[];
}

/**
 * What a replica tells of an account whose data may be lost: its units, blocks and signing seconds, and whom it has seen alive.
 * Marks the units as told.
 *
 * @param told.roster when each replica was last known to be alive, on our monotonic clock
 * @param told.estimate logical time at `now`; empty if unknown
 * @param told.witness whether this replica was there before the data was lost
 */
export function seedChunks(
  ledger: Ledger,
  told: {
    keys: AccountKeys;
    epoch: string;
    replica: string;
    roster: ReadonlyMap<string, number>;
    estimate: string;
    witness: boolean;
    now: number;
  },
): readonly SeedChunk[] {
  const { keys, epoch, replica, roster, estimate, witness, now } = told;
  const triples = ledger.charged(now).flatMap(([id, unit]) => {
    unit.seeded = true;
    return unit.places.map((place) => ({ ...place, id, ageMs: Math.floor(now - unit.lastSeen) }));
  });
  const blocks = ledger.blocks(now).map(([partition, until]) => ({ partition, blockedMs: Math.ceil(until - now) }));
  const replicas = [...roster].flatMap(([name, seenAt]) => [name, Math.floor(now - seenAt)]);
  const signatures = [...ledger.signatures].flatMap(([fingerprint, { second }]) => [fingerprint, second]);

  const count = Math.max(1, Math.ceil(triples.length / UNITS_PER_CHUNK));
  return Array.from({ length: count }, (_, index) => {
    const last = index === count - 1;
    const units = triples.slice(index * UNITS_PER_CHUNK, (index + 1) * UNITS_PER_CHUNK);
    const logs = new Map<string, { index: number; keepsMs: number; blockedMs: number }>();
    const logOf = (partition: string) => {
      const log = logs.get(partition) ?? { index: logs.size + 1, keepsMs: 0, blockedMs: 0 };
      logs.set(partition, log);
      return log;
    };
    for (const { partition, keepsMs } of units) {
      const log = logOf(partition);
      log.keepsMs = Math.max(log.keepsMs, keepsMs);
    }
    if (last) for (const { partition, blockedMs } of blocks) logOf(partition).blockedMs = blockedMs;
    const known = last ? replicas : [];
    const signed = last ? signatures : [];
    return {
      keys: [keys.state, keys.replicas, keys.told, keys.signatures, ...[...logs.keys()].map((name) => keys.log(name))],
      args: [
        ...[epoch, replica, estimate, witness ? '1' : '0', last ? '1' : '0'],
        ...[known.length / 2, ...known],
        ...[signed.length / 2, ...signed],
        ...[logs.size, ...[...logs.values()].flatMap(({ keepsMs, blockedMs }) => [Math.ceil(keepsMs), blockedMs])],
        ...[units.length, ...units.flatMap(({ partition, id, ageMs }) => [logOf(partition).index, id, ageMs])],
      ],
    };
  });
}
