import type { AccountKeys } from './account-keys.ts';
import type { Ledger, OwnUnit } from './ledger.ts';
import { Pulse, type PulseOptions } from './pulse.ts';
import type { RedisClient } from './redis-client.ts';
import { seedChunks } from './seed.ts';
import { ServerClock } from './server-clock.ts';
import { type Standing, toStanding } from './standing.ts';

/** A replica admits for at most this long after its last beat. The beat script uses the same figure. */
const STALE_MS = 2000;
/** Longer than any replica needs to connect again, once the server answers. */
const RECONNECT_MS = 1000;
/**
 * A replica that is new, or has missed a change of the offset, waits for two beats of the others: they know it by then, and have
 * noticed if the clock has jumped.
 */
const JOINING_MS = 1000;

/** Where an account is, and how careful to be about it. */
export interface MembershipOptions extends PulseOptions {
  readonly client: Pick<RedisClient, 'call' | 'deadlineMs'>;
}

/** What a replica had when the store stopped answering. */
export interface Silence {
  readonly since: number;
  readonly units: readonly OwnUnit[];
  /** Its place among all replicas by name. */
  readonly rank: number;
}

/**
 * One replica's part in one account: it beats so that others know it is alive, notices when the account's data may be lost, and
 * tells what it knows before anybody is admitted again.
 */
export class Membership {
  readonly clock: ServerClock;
  readonly ledger: Ledger;
  readonly keys: AccountKeys;
  readonly #options: MembershipOptions;
  readonly #pulse: Pulse;
  /** Permits whose admission may have been carried out without our knowing. */
  readonly #lost = new Map<string, readonly string[]>();
  #joining: Promise<void> | undefined;
  #silence: Silence | undefined;
  #epoch = '';
  #toldEpoch: string | undefined;
  #live = false;
  #reachable = false;
  #witness = false;
  #lastBeat = Number.NEGATIVE_INFINITY;

  constructor(ledger: Ledger, options: MembershipOptions) {
    this.ledger = ledger;
    this.clock = new ServerClock(options.client.deadlineMs);
    this.keys = options.keys;
    this.#options = options;
    this.#pulse = new Pulse(options);
  }

  /** Whether this replica may ask for admissions now. */
  get ready(): boolean {
    const now = this.#options.now();
    return this.#live && now - this.#lastBeat <= STALE_MS && now - this.clock.since >= JOINING_MS;
  }

  /** Whether the store has answered since it last failed to. */
  get reachable(): boolean {
    return this.#reachable;
  }

  /** When each replica of this account was last alive, by name: monotonic ms. */
  get seen(): ReadonlyMap<string, number> {
    return this.#pulse.roster.entries;
  }

  /** The store failed to answer: whatever it is asked next, first it is told what we know. */
  lose(): void {
    const { now, replica } = this.#options;
    this.#silence ??= { since: now(), units: this.ledger.held(now()), rank: this.#pulse.roster.rankOf(replica) };
    this.#reachable = false;
    this.#live = false;
    this.#toldEpoch = undefined;
  }

  /**
   * The silence, once it has lasted so long that no replica is admitted by the store any more without having opened an epoch
   * first: the last beat of any is older than it may be, what was asked before that is answered or given up, and who finds the
   * store back sooner has connected again.
   */
  get silence(): Silence | undefined {
    const { now, client } = this.#options;
    const lasted = now() - (this.#silence?.since ?? now());
    return lasted > STALE_MS + client.deadlineMs + RECONNECT_MS ? this.#silence : undefined;
  }

  /** Remembers to give back what an unanswered admission may have taken. */
  refundLater(id: string, partitions: readonly string[]): void {
    this.#lost.set(id, partitions);
  }

  /** The data may be lost, said a script. */
  recover(): void {
    this.#live = false;
  }

  /** Beats, and does whatever it takes to be ready. Calls at the same time share one attempt. Rejects when the store can't be asked. */
  join(): Promise<void> {
    this.#joining ??= this.#join().finally(() => {
      this.#joining = undefined;
    });
    return this.#joining;
  }

  async #join(): Promise<void> {
    try {
      if (!this.#reachable) await this.#refundLost();
      // After a silence: units that were reused meanwhile are told before any other is asked for.
      if (!this.#reachable && this.#epoch !== '') await this.#seed();
      let standing = await this.#beat();
      if (standing.kind === 'clock') {
        await this.correct(standing);
        standing = await this.#beat();
      }
      // Also of an account that has opened without us, or that we are new to.
      if (standing.kind !== 'clock' && this.#toldEpoch !== standing.epoch) {
        await this.#seed();
        await this.#beat();
      }
      this.#reachable = true;
      this.#silence = undefined;
    } catch (error) {
      this.lose();
      throw error;
    }
  }

  /** A decision that was reckoned with a clock that has jumped counts for nothing. In a recovery the clock is agreed upon anew. */
  judge(standing: Standing): Standing {
    if (standing.kind === 'recovering') return standing;
    return this.clock.hasJumped(standing.time) ? { ...standing, kind: 'clock' } : standing;
  }

  /** Takes the server's time if latency explains it; else moves the account's offset so that logical time goes on. */
  async correct({ time }: Standing): Promise<void> {
    const { client, keys, now, replica } = this.#options;
    if (this.clock.hasJumped(time)) {
      const [ours] = await client.call('clock', [keys.state], [time.off, this.clock.estimate(now()), replica]);
      // The others find the time as they expect it: our own clock stood still.
      if (ours !== '1') return;
    }
    this.clock.anchor(time);
  }

  async #beat(): Promise<Standing> {
    const sent = this.#options.now();
    const told = await this.#pulse.beat({ expectation: this.clock.expectation(sent), vouches: this.ready, at: sent });
    const standing = this.judge(told);
    this.#epoch = standing.epoch;
    this.#live = standing.kind === 'live' && this.#toldEpoch === standing.epoch;
    // In a hold only after we have told what logical time is: before, it is that of a server that may know nothing.
    if (standing.kind === 'recovering' && this.#toldEpoch === standing.epoch && this.clock.known)
      this.clock.anchor(standing.time);
    if (this.#live) {
      this.clock.anchor(standing.time);
      this.#lastBeat = sent;
      this.#witness = true;
    }
    return standing;
  }

  async #seed(): Promise<void> {
    const { client, keys, replica, now } = this.#options;
    const at = now();
    const epoch = this.#epoch;
    const told = {
      keys,
      epoch,
      replica,
      roster: this.#pulse.roster.entries,
      estimate: this.clock.estimate(at),
      witness: this.#witness,
    };
    for (const chunk of seedChunks(this.ledger, { ...told, now: at })) {
      const sent = now();
      const { time } = toStanding(await client.call('seed', chunk.keys, chunk.args), { sent, received: now() });
      // The first witness has set the offset. Known from here on, so that a jump is noticed before the account opens.
      this.clock.follow(time);
    }
    this.#toldEpoch = epoch;
  }

  async #refundLost(): Promise<void> {
    const { client, keys } = this.#options;
    for (const [id, partitions] of this.#lost) {
      await client.call('refund', [keys.state, ...partitions.map((partition) => keys.log(partition))], [id]);
      this.#lost.delete(id);
    }
  }
}
