// Several replicas on one Redis, and the hands of all clocks.
import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { Test } from 'tap';
import { Secret } from '../../src/catalog/secret.ts';
import { AccountKeys } from '../../src/quota/account-keys.ts';
import { RedisClient } from '../../src/quota/redis-client.ts';
import { readScripts } from '../../src/quota/redis-scripts.ts';
import { RedisStore, type RedisStoreOptions } from '../../src/quota/redis-store.ts';
import { startRedis } from './redis-server.ts';
import { createTurnedClock, type TurnedClock } from './turned-clock.ts';

// The server's clock is a key of a database of its own: whatever happens to the data, time goes on.
const TURNED = `local function server_time()
  redis.call('SELECT', 1)
  local time = redis.call('GET', 'time')
  redis.call('SELECT', 0)
  return tonumber(time)
end`;

const EPOCH_MS = 1.7e12;
/** As long as the gateway waits between two beats. */
const BEAT_MS = 500;

/** Windows of 10 s + 100 ms, leases of 3 s, waits of up to 5 s: as long as anybody counts what a replica has spent. */
export const HORIZON_MS = 23_000;

/** One gateway process, as far as its store is concerned. */
export interface Replica {
  readonly store: RedisStore;
  readonly client: RedisClient;
  /** Whether it beats while time passes. */
  awake: boolean;
}

export type ReplicaOptions = Partial<RedisStoreOptions> & { readonly url?: string; readonly deadlineMs?: number };

/** Makes a client whose scripts read the turned time. It never asks by itself. */
export function turnedClient(url: string, on: { deadlineMs?: number; onClose?: () => void } = {}): RedisClient {
  const { deadlineMs = 5000, onClose = () => {} } = on;
  return new RedisClient(
    { server: { kind: 'single', url: new Secret(url) } },
    { scripts: readScripts(TURNED), deadlineMs, onError: () => {}, onClose },
  );
}

/** Waits for the connection, without a beat. */
export async function connected(client: RedisClient): Promise<void> {
  for (let attempt = 0; attempt < 500; attempt += 1) {
    try {
      await client.call('usage', ['connected?'], []);
      return;
    } catch {
      await pause(5);
    }
  }
  throw new Error('no connection to Redis');
}

/** The replicas of one Redis, and what can happen to both. */
export class Fleet {
  readonly clock: TurnedClock = createTurnedClock();
  readonly keys = new AccountKeys('fleet', 'main');
  readonly replicas: Replica[] = [];
  readonly #defaults: ReplicaOptions & { readonly url: string };
  #redis: Redis;
  #time: Redis;
  #skewMs = 0;
  #sinceBeatMs = 0;

  constructor(defaults: ReplicaOptions & { readonly url: string }) {
    this.#defaults = defaults;
    this.#redis = new Redis(path(defaults.url));
    this.#time = new Redis(path(defaults.url), { db: 1 });
  }

  get url(): string {
    return this.#defaults.url;
  }

  /** Talks to Redis past all replicas. */
  get redis(): Redis {
    return this.#redis;
  }

  /** Talks to another server from now on, whose clock goes on where this one's is. */
  async moveTo(url: string): Promise<void> {
    this.#redis.disconnect();
    this.#time.disconnect();
    this.#redis = new Redis(path(url));
    this.#time = new Redis(path(url), { db: 1 });
    await this.turnServer(0);
  }

  /** Starts a replica, which has not asked anything yet. */
  async join(options: ReplicaOptions = {}): Promise<Replica> {
    const { url, deadlineMs, ...given } = { ...this.#defaults, ...options };
    const onClose = () => replica.store.disconnected();
    const client = given.client ?? turnedClient(url, { ...(deadlineMs !== undefined && { deadlineMs }), onClose });
    const store = new RedisStore({
      clock: this.clock,
      keyPrefix: 'fleet',
      accounts: ['main'],
      horizonMs: HORIZON_MS,
      coldStart: 'trust',
      whenDown: 'closed',
      ...given,
      client,
    });
    const replica = { store, client, awake: true };
    await this.turnServer(0);
    await connected(client);
    this.replicas.push(replica);
    return replica;
  }

  /** Starts replicas and lets time pass until all of them are ready. */
  async joinReady(count: number, options: ReplicaOptions = {}): Promise<Replica[]> {
    const joined: Replica[] = [];
    for (let n = 0; n < count; n += 1) joined.push(await this.join(options));
    await this.beat();
    await this.untilReady(joined);
    return joined;
  }

  /** Ends a replica, as a crash would. */
  async kill(replica: Replica): Promise<void> {
    this.replicas.splice(this.replicas.indexOf(replica), 1);
    await replica.store.close();
  }

  /** Lets time pass for everybody; whoever is awake beats twice a second. */
  async advance(ms: number): Promise<void> {
    for (let left = ms; left > 0; ) {
      const step = Math.min(left, BEAT_MS - this.#sinceBeatMs);
      left -= step;
      this.clock.advance(step);
      await this.turnServer(0);
      this.#sinceBeatMs += step;
      if (this.#sinceBeatMs === BEAT_MS) await this.beat();
    }
  }

  /** Lets time pass until all of these are ready, and tells how much has. */
  async untilReady(replicas: readonly Replica[] = this.replicas): Promise<number> {
    const from = this.clock.monotonic();
    while (replicas.some(({ store }) => store.mode() !== 'ready')) {
      if (this.clock.monotonic() - from > 4 * HORIZON_MS) throw new Error('the replicas do not get ready');
      await this.advance(BEAT_MS / 2);
      await this.beat();
    }
    return this.clock.monotonic() - from;
  }

  /** Everybody who is awake beats. */
  async beat(): Promise<void> {
    this.#sinceBeatMs = 0;
    for (const { store, awake } of this.replicas) if (awake) await store.beat();
  }

  /** Steps the clock of the server alone. Keys whose time has come by then expire. */
  async turnServer(ms: number): Promise<void> {
    this.#skewMs += ms;
    await this.#time.set('time', String(EPOCH_MS + this.clock.monotonic() + this.#skewMs));
    if (ms <= 0) return;
    for (const key of await this.#redis.keys('*')) {
      const left = await this.#redis.pttl(key);
      if (left >= 0 && left <= ms) await this.#redis.del(key);
    }
  }

  async close(): Promise<void> {
    this.#redis.disconnect();
    this.#time.disconnect();
    await Promise.all(this.replicas.map(({ store }) => store.close()));
  }
}

/** Starts a Redis for one test, and a fleet on it. */
export async function startFleet(t: Pick<Test, 'teardown'>, options: ReplicaOptions = {}): Promise<Fleet> {
  const server = await startRedis();
  const fleet = new Fleet({ url: server.url, ...options });
  await fleet.turnServer(0);
  t.teardown(async () => {
    await fleet.close();
    await server.stop();
  });
  return fleet;
}

function path(url: string): string {
  return url.replace(/^unix:\/\//, '');
}
