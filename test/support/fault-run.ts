import { type RedisClient, StoreUnreachable } from '../../src/quota/redis-client.ts';
import { StoreRecovering } from '../../src/quota/redis-store.ts';
import type { Permit } from '../../src/quota/store.ts';
import { type Happening, LEASE_MS } from './fault-history.ts';
import { type Fleet, HORIZON_MS, type Replica } from './fleet.ts';
import { type KeptData, keepData } from './kept-data.ts';
import { Vendor } from './vendor.ts';

/** What each partition admits. */
export const QUOTAS = { account: { quota: 4, windowMs: 10_000 }, interface: { quota: 3, windowMs: 7_000 } } as const;

interface InFlight {
  readonly replica: Replica;
  readonly permit: Permit;
  readonly seenAt: number;
  readonly closeAt: number;
  readonly outcome: 'sent' | 'unsent' | 'unknown';
}

/** Plays histories of faults on one fleet and shows each to a vendor of its own. */
export class FaultRun {
  readonly vendor = new Vendor();
  readonly #fleet: Fleet;
  readonly #clients: readonly RedisClient[];
  readonly #coldStart: 'trust' | 'hold';
  #inFlight: InFlight[] = [];
  #replicated: KeptData | undefined;
  #births = 0;
  #jumps = false;
  refused = 0;
  recovering = 0;

  constructor(fleet: Fleet, options: { clients: readonly RedisClient[]; coldStart: 'trust' | 'hold' }) {
    this.#fleet = fleet;
    this.#clients = options.clients;
    this.#coldStart = options.coldStart;
  }

  /** Empties Redis and starts three replicas on it. */
  async start(): Promise<void> {
    this.#fleet.replicas.length = 0;
    await this.#fleet.redis.flushdb();
    for (let n = 0; n < 3; n += 1) await this.#birth();
    await this.#fleet.beat();
    this.#fleet.clock.advance(HORIZON_MS);
    await this.#fleet.untilReady();
    await this.#fleet.advance(1_000);
  }

  async play(history: readonly Happening[]): Promise<void> {
    this.#jumps = history.some(({ kind }) => kind === 'jump');
    for (const happening of history) {
      await this.#advance(1);
      await this.#happen(happening);
    }
    await this.#advance(HORIZON_MS);
  }

  async #happen(happening: Happening): Promise<void> {
    const { replicas, redis, keys } = this.#fleet;
    switch (happening.kind) {
      case 'admit':
        return this.#admit(happening);
      case 'advance':
        return this.#advance(happening.ms);
      case 'beat':
        return this.#pick(happening.replica)?.store.beat();
      case 'sleep':
      case 'wake': {
        const replica = replicas[happening.replica % replicas.length];
        if (replica !== undefined && this.#mortal(replica)) replica.awake = happening.kind === 'wake';
        return;
      }
      case 'die': {
        const replica = replicas[happening.replica % replicas.length];
        if (replica !== undefined && this.#mortal(replica)) replicas.splice(replicas.indexOf(replica), 1);
        return;
      }
      case 'birth':
        if (replicas.length < this.#clients.length) await this.#birth();
        return;
      case 'flush':
        await redis.flushdb();
        return;
      case 'evict':
        await redis.del(happening.key in QUOTAS ? keys.log(happening.key) : keys[happening.key as 'state']);
        return;
      case 'restart':
        return this.#otherServer();
      case 'replicate':
        this.#replicated = await keepData(redis);
        return;
      case 'fail-over':
        await redis.flushdb();
        await this.#replicated?.restore();
        return this.#otherServer();
      case 'jump':
        return this.#fleet.turnServer(happening.ms);
    }
  }

  async #admit(given: Extract<Happening, { kind: 'admit' }>): Promise<void> {
    const replica = this.#pick(given.replica);
    if (replica === undefined) return;
    const { partitions, maxWaitMs, fingerprint, latencyMs, seenAtPercent, outcome } = given;
    const charges = partitions.map((partition) => ({
      partition,
      policies: [{ name: partition, ...QUOTAS[partition as keyof typeof QUOTAS] }],
    }));
    const common = { account: 'main', charges, marginMs: 100, leaseMs: LEASE_MS, consumer: 'someone' };
    try {
      const decision = await replica.store.admit({ ...common, maxWaitMs, fingerprint });
      if (!decision.allowed) {
        this.refused += 1;
        return;
      }
      const { permit } = decision;
      this.vendor.sign(fingerprint, { second: permit.signingSecond, at: permit.sendAt });
      const seenAt = permit.sendAt + Math.floor((Math.min(latencyMs, LEASE_MS) * seenAtPercent) / 100);
      const closeAt = (outcome === 'unsent' ? this.#fleet.clock.monotonic() : permit.sendAt) + latencyMs;
      this.#inFlight.push({ replica, permit, seenAt, closeAt, outcome });
    } catch (error) {
      if (!(error instanceof StoreRecovering) && !(error instanceof StoreUnreachable)) throw error;
      this.recovering += 1;
    }
  }

  /** Lets time pass, and answers come. */
  async #advance(ms: number): Promise<void> {
    const until = this.#fleet.clock.monotonic() + ms;
    for (;;) {
      const next = this.#inFlight.reduce((least, { closeAt }) => Math.min(least, closeAt), Number.POSITIVE_INFINITY);
      await this.#fleet.advance(Math.max(0, Math.min(next, until) - this.#fleet.clock.monotonic()));
      if (next > until) return;
      const due = this.#inFlight.filter(({ closeAt }) => closeAt <= next);
      this.#inFlight = this.#inFlight.filter(({ closeAt }) => closeAt > next);
      for (const request of due) await this.#answer(request);
    }
  }

  async #answer({ replica, permit, seenAt, outcome }: InFlight): Promise<void> {
    if (outcome !== 'unsent') this.vendor.see(permit.partitions, seenAt);
    // Of a process that is dead or cut off, Redis hears no more.
    if (outcome === 'unknown' || !this.#fleet.replicas.includes(replica) || !replica.awake) return;
    if (outcome === 'sent') await replica.store.settle(permit);
    else await replica.store.refund(permit);
  }

  #pick(nth: number): Replica | undefined {
    const awake = this.#fleet.replicas.filter((replica) => replica.awake);
    return awake[nth % awake.length];
  }

  /** Who trusts an empty store needs one replica that remembers; whoever is to notice a jump, one that knows the time. */
  #mortal(replica: Replica): boolean {
    return (this.#coldStart === 'hold' && !this.#jumps) || this.#fleet.replicas.indexOf(replica) > 0;
  }

  async #birth(): Promise<void> {
    const client = this.#clients[this.#births % this.#clients.length];
    this.#births += 1;
    if (client !== undefined) await this.#fleet.join({ client, coldStart: this.#coldStart });
  }

  /** The same data on a server with another run id: all connections have ended. */
  async #otherServer(): Promise<void> {
    const { redis, keys, replicas } = this.#fleet;
    if ((await redis.exists(keys.state)) === 1) await redis.hset(keys.state, 'run', 'another');
    for (const { store } of replicas) store.disconnected();
  }
}
