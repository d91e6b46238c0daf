import { randomBytes } from 'node:crypto';
import { AccountKeys } from './account-keys.ts';
import type { Clock } from './clock.ts';
import { consumerTag } from './consumer-tag.ts';
import { Ledger } from './ledger.ts';
import { Membership } from './membership.ts';
import { OwnUnits } from './own-units.ts';
import { placesOf, shortOf, toArguments, toStates } from './redis-admission.ts';
import { type RedisClient, StoreUnreachable, within } from './redis-client.ts';
import { usageOf } from './redis-usage.ts';
import { RedisUsedNames } from './redis-used-names.ts';
import { type Standing, toStanding } from './standing.ts';
import type { Admission, Decision, NameUse, PartitionUsage, Permit, QuotaStore, StoreMode } from './store.ts';

/** The store answers, and can't decide yet: it finds out what was spent. */
export class StoreRecovering extends Error {}

/** How a Redis store keeps quotas. */
export interface RedisStoreOptions {
  readonly client: RedisClient;
  readonly clock: Clock;
  /** Begins the name of every key. */
  readonly keyPrefix: string;
  /** Accounts to join at the start; others are joined when they are first asked for. */
  readonly accounts: readonly string[];
  /** Longest window + margin + lease + longest wait: after this nobody counts what a replica has spent. */
  readonly horizonMs: number;
  /** An empty store without witnesses is believed (`trust`), or waited out for the horizon (`hold`). */
  readonly coldStart: 'trust' | 'hold';
  /** While Redis can't be asked: admit nobody, or reuse the units that this replica itself holds. */
  readonly whenDown: 'closed' | 'own';
}

/** Between two beats. */
const BEAT_MS = 500;
const BEAT_WHILE_RECOVERING_MS = 250;

/** Keeps the quotas of many replicas in Redis. See README.md for the algorithm, its proof and what each failure does. */
export class RedisStore implements QuotaStore {
  readonly #options: RedisStoreOptions;
  readonly #client: RedisClient;
  readonly #now: () => number;
  readonly #replica = randomBytes(4).toString('base64url');
  readonly #members = new Map<string, Membership>();
  readonly #own: OwnUnits;
  readonly #tags = new Map<string, string>();
  readonly #usedNames: RedisUsedNames;
  #permits = 0;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: RedisStoreOptions) {
    this.#options = options;
    this.#client = options.client;
    this.#now = options.clock.monotonic;
    this.#own = new OwnUnits(options.clock);
    this.#usedNames = new RedisUsedNames({ ...options, now: this.#now });
    for (const account of options.accounts) this.#member(account);
  }

  /** Beats for every account, twice a second, until the store is closed. */
  start(): void {
    void this.beat().finally(() => {
      const soon = [...this.#members.values()].some((member) => !member.ready);
      if (!this.#closed)
        this.#timer = setTimeout(() => this.start(), soon ? BEAT_WHILE_RECOVERING_MS : BEAT_MS).unref();
    });
  }

  /** A connection has ended: nothing is believed of the server at its other end until it has been asked. */
  disconnected(): void {
    for (const member of this.#members.values()) member.lose();
  }

  /** Beats once for every account. Never rejects: what can't be asked now is asked with the next beat. */
  async beat(): Promise<void> {
    await Promise.allSettled([...this.#members.values()].map((member) => member.join()));
  }

  async admit(admission: Admission): Promise<Decision> {
    const member = this.#member(admission.account);
    try {
      if (!member.ready) await this.#join(member);
      const decision = (await this.#ask(member, admission)) ?? (await this.#ask(member, admission));
      if (decision === undefined) throw new StoreRecovering('the clock of Redis has jumped');
      return decision;
    } catch (error) {
      const { ledger, silence } = member;
      if (!(error instanceof StoreUnreachable) || this.#options.whenDown === 'closed' || !silence) throw error;
      return this.#own.admit(admission, { ledger, silence, id: this.#nextId(admission), cause: error });
    }
  }

  async settle(permit: Permit): Promise<void> {
    const member = this.#member(permit.account);
    member.ledger.settle(permit.id, this.#now());
    if (member.reachable) await this.#call(member, 'settle', permit, [permit.id]);
  }

  async refund(permit: Permit): Promise<void> {
    const { id, account, partitions } = permit;
    const member = this.#member(account);
    const unit = member.ledger.units.get(id);
    if (unit === undefined || unit.lastSeen <= this.#now()) return;
    member.ledger.remove(id);
    if (!member.reachable) member.refundLater(id, partitions);
    else await this.#call(member, 'refund', permit, [id]);
  }

  async block({ account, partition, forMs }: { account: string; partition: string; forMs: number }): Promise<void> {
    const member = this.#member(account);
    const now = this.#now();
    member.ledger.block(partition, now + forMs, now);
    await this.#call(member, 'block', { partitions: [partition] }, [Math.ceil(forMs)]);
  }

  async usage(account: string): Promise<readonly PartitionUsage[]> {
    return usageOf(this.#client, this.#member(account).keys);
  }

  async useOnce(use: NameUse): Promise<boolean> {
    return this.#usedNames.use(use);
  }

  mode(): StoreMode {
    const members = [...this.#members.values()];
    const lost = members.filter((member) => !member.reachable);
    if (lost.length > 0) {
      const alone = this.#options.whenDown === 'own' && lost.every(({ silence }) => silence !== undefined);
      return alone ? 'own' : 'unreachable';
    }
    return members.every((member) => member.ready) ? 'ready' : 'recovering';
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#client.close();
  }

  /** Never longer than one call may take; what goes on after that is for the next request. */
  async #join(member: Membership): Promise<void> {
    await within(this.#client.deadlineMs, member.join());
    if (!member.ready) throw new StoreRecovering('the quota store finds out what was spent');
  }

  /** One round trip; undefined if it has to be asked once more, because the clock was misjudged. */
  async #ask(member: Membership, admission: Admission): Promise<Decision | undefined> {
    const { account, charges, leaseMs, maxWaitMs } = admission;
    const id = this.#nextId(admission);
    const fingerprint = shortOf(admission.fingerprint);
    const partitions = charges.map(({ partition }) => partition);
    const { keys } = member;
    const sent = this.#now();
    // Known before it is asked for, so that a seed on its heels tells it. Forgotten again if it was denied.
    const places = placesOf(admission);
    member.ledger.add(id, { places, lastSeen: sent + maxWaitMs + leaseMs, pending: true }, sent);
    let answer: readonly (string | number)[];
    try {
      answer = await this.#client.call(
        'admit',
        [keys.state, keys.signatures, ...partitions.map((partition) => keys.log(partition))],
        [
          this.#client.steady ? '1' : '',
          id,
          ...member.clock.expectation(sent),
          ...toArguments(admission, { fingerprint, wallMs: this.#options.clock.wall() }),
        ],
      );
    } catch (error) {
      member.ledger.remove(id);
      member.refundLater(id, partitions);
      member.lose();
      throw error;
    }
    const received = this.#now();
    const standing = member.judge(toStanding(answer, { sent, received }));
    const [said, , , , wait, second] = answer;
    const waitMs = Number(wait);
    if (standing.kind === 'admitted') {
      member.clock.anchor(standing.time);
      const permit = {
        id,
        account,
        partitions,
        signingSecond: Number(second),
        sendAt: sendAtOf({ sent, received, waitMs }),
      };
      member.ledger.units.set(id, { places, lastSeen: permit.sendAt + leaseMs, pending: false, seeded: false });
      if (fingerprint !== '') member.ledger.sign(fingerprint, permit.signingSecond, permit.sendAt);
      return { allowed: true, permit, waitMs, states: toStates(admission, answer, { allowed: true }) };
    }
    if (member.ledger.remove(id) || said === 'admitted') await this.#call(member, 'refund', { partitions }, [id]);
    if (standing.kind === 'denied') {
      member.clock.anchor(standing.time);
      return { allowed: false, waitMs, states: toStates(admission, answer, { allowed: false }) };
    }
    return this.#standAside(member, standing);
  }

  async #standAside(member: Membership, standing: Standing): Promise<undefined> {
    if (standing.kind === 'clock') await member.correct(standing);
    else member.recover();
    if (!member.ready) await this.#join(member);
  }

  async #call(
    member: Membership,
    name: 'settle' | 'refund' | 'block',
    { partitions }: { partitions: readonly string[] },
    args: readonly (string | number)[],
  ): Promise<void> {
    const { keys } = member;
    try {
      await this.#client.call(name, [keys.state, ...partitions.map((partition) => keys.log(partition))], args);
    } catch (error) {
      if (name === 'refund') member.refundLater(String(args[0]), partitions);
      member.lose();
      throw error;
    }
  }

  #nextId({ consumer }: Admission): string {
    const tag = this.#tags.get(consumer) ?? consumerTag(consumer);
    this.#tags.set(consumer, tag);
    return `${this.#replica}${(this.#permits++).toString(36)}.${tag}`;
  }

  #member(account: string): Membership {
    const known = this.#members.get(account);
    if (known !== undefined) return known;
    const { keyPrefix, ...options } = this.#options;
    const given = { ...options, now: this.#now, replica: this.#replica, keys: new AccountKeys(keyPrefix, account) };
    const member = new Membership(new Ledger(), given);
    this.#members.set(account, member);
    return member;
  }
}

/**
 * From when a request may be sent. A wait is told of the server's time, so it begins when the answer is here; the lease, which began
 * there too, has room for that (`open-store.ts`). Without one the send budget begins before the question left.
 */
function sendAtOf({ sent, received, waitMs }: { sent: number; received: number; waitMs: number }): number {
  return waitMs === 0 ? sent : received + waitMs;
}
