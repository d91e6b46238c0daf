import { randomBytes } from 'node:crypto';
import { AccountKeys } from './account-keys.ts';
import { askRedis } from './ask-redis.ts';
import type { Clock } from './clock.ts';
import { consumerTag } from './consumer-tag.ts';
import { Ledger } from './ledger.ts';
import { Membership } from './membership.ts';
import { OwnUnits } from './own-units.ts';
import { type RedisClient, StoreUnreachable, within } from './redis-client.ts';
import { usageOf } from './redis-usage.ts';
import { RedisUsedNames } from './redis-used-names.ts';
import { type Replica, replicasOf } from './roster.ts';
import type { Standing } from './standing.ts';
import type { Admission, Decision, NameUse, PartitionUsage, Permit, QuotaStore, StoreMode } from './store.ts';
import { tellRedis } from './tell-redis.ts';

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
  /** Told of every beat that failed, and why. */
  readonly onError?: (error: unknown) => void;
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
  /** The longest that was ever asked for: others may still tell of units of a window that has become shorter. */
  #horizonMs: number;
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
    this.#horizonMs = options.horizonMs;
    this.extend(options);
  }

  /** Joins more accounts with the next beat, so that they are ready before they are asked for. The horizon only ever grows. */
  extend({ accounts, horizonMs }: Pick<RedisStoreOptions, 'accounts' | 'horizonMs'>): void {
    this.#horizonMs = Math.max(this.#horizonMs, horizonMs);
    for (const account of accounts) this.#member(account);
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
    const joins = await Promise.allSettled([...this.#members.values()].map((member) => member.join()));
    for (const join of joins) if (join.status === 'rejected') this.#options.onError?.(join.reason);
  }

  /** Answers by the deadline, whatever it takes to be ready; what goes on after that is for the next request. */
  async admit(admission: Admission): Promise<Decision> {
    const member = this.#member(admission.account);
    const question = { admission, answered: false };
    try {
      const decision = this.#decide(member, question);
      // Most often it is one call, which has that deadline of its own.
      return await (member.ready ? decision : within(this.#client.deadlineMs, decision));
    } catch (error) {
      question.answered = true;
      const { ledger, silence } = member;
      if (!(error instanceof StoreUnreachable) || this.#options.whenDown === 'closed' || !silence) throw error;
      return this.#own.admit(admission, { ledger, silence, id: this.#nextId(admission), cause: error });
    }
  }

  async settle(permit: Permit): Promise<void> {
    const member = this.#member(permit.account);
    member.ledger.settle(permit.id, this.#now());
    if (member.reachable)
      await tellRedis(this.#client, member, { verb: 'settle', partitions: permit.partitions, what: permit.id });
  }

  async refund(permit: Permit): Promise<void> {
    const { id, account, partitions } = permit;
    const member = this.#member(account);
    const unit = member.ledger.units.get(id);
    if (unit === undefined || unit.lastSeen <= this.#now()) return;
    member.ledger.remove(id);
    if (!member.reachable) member.refundLater(id, partitions);
    else await tellRedis(this.#client, member, { verb: 'refund', partitions, what: id });
  }

  async block({ account, partition, forMs }: { account: string; partition: string; forMs: number }): Promise<void> {
    const member = this.#member(account);
    const now = this.#now();
    member.ledger.block(partition, now + forMs, now);
    await tellRedis(this.#client, member, { verb: 'block', partitions: [partition], what: Math.ceil(forMs) });
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

  /** All that are or were lately there, by name. Asks nobody. */
  replicas(): readonly Replica[] {
    return replicasOf([...this.#members.values()], { self: this.#replica, now: this.#now() });
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#client.close();
  }

  /** Decides in as long as it takes. A unit that was admitted too late for its request goes back; what wasn't asked by then is not. */
  async #decide(member: Membership, question: { admission: Admission; answered: boolean }): Promise<Decision> {
    if (!member.ready) await this.#join(member);
    for (let attempt = 0; attempt < 2 && !question.answered; attempt += 1) {
      const decision = await this.#ask(member, question.admission);
      if (decision?.allowed && question.answered) await this.refund(decision.permit);
      if (decision !== undefined) return decision;
    }
    throw new StoreRecovering('the clock of Redis has jumped');
  }

  async #join(member: Membership): Promise<void> {
    await member.join();
    if (!member.ready) throw new StoreRecovering('the quota store finds out what was spent');
  }

  /** Undefined if it has to be asked once more, because the clock was misjudged. */
  async #ask(member: Membership, admission: Admission): Promise<Decision | undefined> {
    const { clock } = this.#options;
    const answer = await askRedis(admission, { client: this.#client, clock, member, id: this.#nextId(admission) });
    return 'kind' in answer ? this.#standAside(member, answer) : answer;
  }

  async #standAside(member: Membership, standing: Standing): Promise<undefined> {
    if (standing.kind === 'clock') await member.correct(standing);
    else member.recover();
    if (!member.ready) await this.#join(member);
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
    const member = new Membership(new Ledger(), {
      ...options,
      now: this.#now,
      replica: this.#replica,
      keys: new AccountKeys(keyPrefix, account),
      horizonMs: () => this.#horizonMs,
    });
    this.#members.set(account, member);
    return member;
  }
}
