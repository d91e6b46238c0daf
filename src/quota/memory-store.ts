import { randomBytes } from 'node:crypto';
import type { Clock } from './clock.ts';
import { SigningSeconds } from './signing-seconds.ts';
import type { Admission, Decision, Permit, PolicyState, QuotaPolicy, QuotaStore } from './store.ts';
import { SweptMap } from './swept-map.ts';
import { UnitLog } from './unit-log.ts';
import { policyState, type Reading, waitForUnitMs } from './window.ts';

/** Keeps the quota of one process in its memory. A restart forgets what was spent; replicas don't know of each other. */
export function createMemoryStore(clock: Clock): QuotaStore {
  return new MemoryStore(clock);
}

/** A charge, with the log of its partition. */
interface Claim {
  readonly policies: readonly QuotaPolicy[];
  readonly log: UnitLog;
}

/** The units of an open permit: one in each log, and what they all say of when the vendor could last see it. */
interface InFlight {
  readonly logs: readonly UnitLog[];
  readonly lastSeen: number;
}

// Nothing in here awaits, so each call runs from start to end before any other begins: that makes `admit` atomic.
class MemoryStore implements QuotaStore {
  readonly #clock: Clock;
  readonly #logs = new SweptMap<string, UnitLog>();
  readonly #inFlight = new SweptMap<string, InFlight>();
  readonly #signingSeconds = new SigningSeconds();
  readonly #idPrefix = randomBytes(6).toString('base64url');
  #permits = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async admit(admission: Admission): Promise<Decision> {
    const { account, marginMs } = admission;
    const now = this.#clock.monotonic();
    const claims = this.#claims(admission, now);
    const fingerprint = admission.fingerprint === undefined ? undefined : within(account, admission.fingerprint);
    const signing = this.#signingSeconds.propose(fingerprint, this.#clock.wall());

    const waitMs = Math.max(signing.waitMs, longestWaitMs(claims, { marginMs, now }));
    if (waitMs > 0) return { allowed: false, waitMs, states: policyStates(claims, { marginMs, now, allowed: false }) };

    this.#signingSeconds.give(fingerprint, signing.second, now);
    const permit: Permit = {
      id: `${this.#idPrefix}-${(this.#permits++).toString(36)}`,
      account,
      partitions: admission.charges.map(({ partition }) => partition),
      signingSecond: signing.second,
      admittedAt: now,
    };
    this.#open(permit, claims, now + admission.leaseMs);
    return { allowed: true, permit, states: policyStates(claims, { marginMs, now, allowed: true }) };
  }

  async settle(permit: Permit): Promise<void> {
    const now = this.#clock.monotonic();
    const inFlight = this.#close(permit, now);
    if (inFlight === undefined) return;
    for (const log of inFlight.logs) log.shorten(inFlight.lastSeen, now);
  }

  async refund(permit: Permit): Promise<void> {
    const inFlight = this.#close(permit, this.#clock.monotonic());
    if (inFlight === undefined) return;
    for (const log of inFlight.logs) log.remove(inFlight.lastSeen);
  }

  async block(block: { readonly account: string; readonly partition: string; readonly forMs: number }): Promise<void> {
    this.#log(block.account, block.partition).blockUntil(this.#clock.monotonic() + block.forMs);
  }

  async close(): Promise<void> {}

  #claims({ account, charges, marginMs }: Admission, now: number): readonly Claim[] {
    // Swept before any log is made: a new one has no units yet, so it would be taken for one that is over.
    this.#logs.sweep((log) => log.isOver(now));
    return charges.map(({ partition, policies }) => {
      const log = this.#log(account, partition);
      for (const { windowMs } of policies) log.keep(windowMs + marginMs);
      return { policies, log };
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

  #open(permit: Permit, claims: readonly Claim[], lastSeen: number): void {
    const logs = claims.map(({ log }) => log);
    for (const log of logs) log.add(lastSeen, permit.admittedAt);
    this.#inFlight.sweep((inFlight) => inFlight.lastSeen <= permit.admittedAt);
    this.#inFlight.set(permit.id, { logs, lastSeen });
  }

  /** Forgets a permit, and tells where its units are if its lease still runs. */
  #close({ id }: Permit, now: number): InFlight | undefined {
    const inFlight = this.#inFlight.get(id);
    this.#inFlight.delete(id);
    return inFlight !== undefined && inFlight.lastSeen > now ? inFlight : undefined;
  }
}

function longestWaitMs(claims: readonly Claim[], at: { readonly marginMs: number; readonly now: number }): number {
  let longest = 0;
  for (const { log, policies } of claims) {
    // Asked for itself as well: a blocked partition admits nobody, also when no policy limits it.
    longest = Math.max(longest, log.blockedUntil - at.now);
    const reading = read(log, at);
    for (const policy of policies) longest = Math.max(longest, waitForUnitMs(policy, reading));
  }
  return longest;
}

function policyStates(
  claims: readonly Claim[],
  at: { readonly marginMs: number; readonly now: number; readonly allowed: boolean },
): readonly PolicyState[] {
  return claims.flatMap(({ log, policies }) => {
    const reading = read(log, at);
    return policies.map((policy) => policyState(policy, reading, at));
  });
}

function read(log: UnitLog, { marginMs, now }: { readonly marginMs: number; readonly now: number }): Reading {
  return { lastSeen: log.lastSeen, blockedUntil: log.blockedUntil, marginMs, now };
}

/** Joins an account with the name of something of its own, so that no two pairs ever read the same. */
function within(account: string, name: string): string {
  return `${account.length}:${account}:${name}`;
}
