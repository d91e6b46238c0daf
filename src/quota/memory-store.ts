import { randomBytes } from 'node:crypto';
import { type Claim, longestWaitMs, policyStates } from './claims.ts';
import type { Clock } from './clock.ts';
import { consumerTag } from './consumer-tag.ts';
import type { Journal } from './journal.ts';
import type { Entry } from './journal-entry.ts';
import { SigningSeconds } from './signing-seconds.ts';
import type { Admission, Decision, NameUse, PartitionUsage, Permit, QuotaStore, StoreMode } from './store.ts';
import { SweptMap } from './swept-map.ts';
import { type Unit, UnitLog } from './unit-log.ts';
import { UsedNames } from './used-names.ts';

/**
 * Keeps the quota of one process in its memory; replicas don't know of each other. With a journal it goes on from where the
 * process before left off, and may admit only what the journal takes; without, a restart forgets what was spent.
 */
export function createMemoryStore(clock: Clock, journal?: Journal): QuotaStore {
  return new MemoryStore(clock, journal);
}

/** The units of an open permit: one in each log, all alike. */
interface InFlight {
  readonly logs: readonly UnitLog[];
  readonly unit: Unit;
}

// Nothing in here awaits, so each call runs from start to end before any other begins: that makes `admit` atomic. All that
// a restart must not forget is changed by entries alone, so that the entries of a journal bring it about again.
class MemoryStore implements QuotaStore {
  readonly #clock: Clock;
  readonly #logs = new SweptMap<string, UnitLog>();
  readonly #inFlight = new SweptMap<string, InFlight>();
  readonly #signingSeconds = new SigningSeconds();
  readonly #usedNames = new UsedNames();
  readonly #journal: Journal | undefined;
  readonly #idPrefix = randomBytes(6).toString('base64url');
  #permits = 0;

  constructor(clock: Clock, journal: Journal | undefined) {
    this.#clock = clock;
    for (const entry of journal?.replay() ?? []) this.#apply(entry);
    // Last, so that what is replayed isn't written again.
    this.#journal = journal;
  }

  async admit(admission: Admission): Promise<Decision> {
    const { account, marginMs, maxWaitMs, clockSkewMs = 0 } = admission;
    const now = this.#clock.monotonic();
    const wall = this.#clock.wall() + clockSkewMs;
    const claims = this.#claims(admission, now);
    const fingerprint = admission.fingerprint === undefined ? undefined : within(account, admission.fingerprint);

    const waitMs = Math.max(
      this.#signingSeconds.propose(fingerprint, wall).waitMs,
      longestWaitMs(claims, { marginMs, now }),
    );
    const allowed = waitMs <= maxWaitMs;
    if (!allowed) return { allowed, waitMs, states: policyStates(claims, { marginMs, now, allowed }) };
    const untouched = waitMs > 0 ? policyStates(claims, { marginMs, now, allowed }) : undefined;

    const sendAt = now + waitMs;
    const { second } = this.#signingSeconds.propose(fingerprint, wall + waitMs);
    const id = `${this.#idPrefix}-${(this.#permits++).toString(36)}`;
    const entries: readonly Entry[] = [
      ...(fingerprint === undefined ? [] : [{ kind: 'second' as const, at: now, fingerprint, second, sendAt }]),
      {
        kind: 'admit',
        at: now,
        id,
        account,
        charges: claims.map(({ partition, keepMs }) => ({ partition, keepMs })),
        lastSeen: sendAt + admission.leaseMs,
        tag: consumerTag(admission.consumer),
      },
    ];
    // Written before anything is taken: what can't be written is not admitted.
    this.#journal?.append(...entries);
    for (const entry of entries) this.#apply(entry);

    const partitions = claims.map(({ partition }) => partition);
    const permit: Permit = { id, account, partitions, signingSecond: second, sendAt };
    return { allowed, permit, waitMs, states: untouched ?? policyStates(claims, { marginMs, now, allowed }) };
  }

  async settle({ id }: Permit): Promise<void> {
    this.#end({ kind: 'settle', at: this.#clock.monotonic(), id });
  }

  async refund({ id }: Permit): Promise<void> {
    this.#end({ kind: 'refund', at: this.#clock.monotonic(), id });
  }

  async block({ account, partition, forMs }: Parameters<QuotaStore['block']>[0]): Promise<void> {
    const at = this.#clock.monotonic();
    const entry = { kind: 'block' as const, at, account, partition, until: at + forMs };
    this.#apply(entry);
    this.#journal?.append(entry);
  }

  async usage(account: string): Promise<readonly PartitionUsage[]> {
    const now = this.#clock.monotonic();
    const ofAccount = within(account, '');
    return [...this.#logs]
      .filter(([key, log]) => key.startsWith(ofAccount) && !log.isOver(now))
      .map(([key, log]) => ({
        partition: key.slice(ofAccount.length),
        units: log.charged(now),
        blockedForMs: Math.max(0, log.blockedUntil - now),
      }));
  }

  async useOnce({ name, forMs }: NameUse): Promise<boolean> {
    const at = this.#clock.monotonic();
    if (this.#usedNames.isUsed(name, at)) return false;
    const entry = { kind: 'use' as const, at, name, until: at + forMs };
    this.#journal?.append(entry);
    this.#apply(entry);
    return true;
  }

  mode(): StoreMode {
    return 'ready';
  }

  async close(): Promise<void> {
    await this.#journal?.close();
  }

  #claims({ account, charges, marginMs }: Admission, now: number): readonly Claim[] {
    // Swept before any log is made: a new one has no units yet, so it would be taken for one that is over.
    this.#logs.sweep((log) => log.isOver(now));
    return charges.map(({ partition, policies }) => {
      const log = this.#log(account, partition);
      const keepMs = Math.max(0, ...policies.map(({ windowMs }) => windowMs + marginMs));
      log.keep(keepMs);
      return { partition, policies, keepMs, log };
    });
  }

  #log(account: string, partition: string): UnitLog {
    const key = within(account, partition);
    const known = this.#logs.get(key);
    if (known !== undefined) return known;
    const log = new UnitLog();
    this.#logs.set(key, log);
    return log;
  }

  #apply(entry: Entry): void {
    switch (entry.kind) {
      case 'second':
        this.#signingSeconds.give(entry.fingerprint, { ...entry, now: entry.at });
        break;
      case 'admit':
        this.#open(entry);
        break;
      case 'settle':
      case 'refund':
        this.#end(entry);
        break;
      case 'block':
        this.#log(entry.account, entry.partition).blockUntil(entry.until);
        break;
      case 'use':
        this.#usedNames.use(entry.name, { until: entry.until, now: entry.at });
        break;
    }
  }

  #open({ at, id, account, charges, lastSeen, tag }: Extract<Entry, { kind: 'admit' }>): void {
    // Charged from now, not from when it may be sent: whoever asks later counts it, so nobody overtakes.
    const unit = { lastSeen, tag };
    const logs = charges.map(({ partition, keepMs }) => {
      const log = this.#log(account, partition);
      log.keep(keepMs);
      log.add(unit, at);
      return log;
    });
    this.#inFlight.sweep((inFlight) => inFlight.unit.lastSeen <= at);
    this.#inFlight.set(id, { logs, unit });
  }

  /** Closes a permit; changes its units if its lease still runs. */
  #end(entry: Extract<Entry, { kind: 'settle' | 'refund' }>): void {
    const inFlight = this.#inFlight.get(entry.id);
    this.#inFlight.delete(entry.id);
    if (inFlight === undefined || inFlight.unit.lastSeen <= entry.at) return;
    for (const log of inFlight.logs) {
      if (entry.kind === 'settle') log.shorten(inFlight.unit, entry.at);
      else log.remove(inFlight.unit);
    }
    // Written last: if that fails, the next process doesn't know that the units came back, which is safe.
    this.#journal?.append(entry);
  }
}

/** Joins an account with the name of something of its own, so that no two pairs ever read the same. */
function within(account: string, name: string): string {
  return `${account.length}:${account}:${name}`;
}
