import { Cluster, Redis } from 'ioredis';
import type { RedisLocation } from './redis-location.ts';
import type { ScriptName } from './redis-scripts.ts';

/** The store can't be asked, or didn't answer in time; what it did, if anything, is unknown. */
export class StoreUnreachable extends Error {}

/** @throws StoreUnreachable if the promise takes longer; what it stands for goes on */
export async function within<T>(deadlineMs: number, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new StoreUnreachable('Redis did not answer in time')), deadlineMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

type Run = (keyCount: number, ...keysAndArguments: (string | number)[]) => Promise<unknown>;

/**
 * Runs the scripts on Redis: one round trip each, answered by the deadline or not at all. Nothing is queued while there is no
 * connection, because an admission that runs late is a unit that nobody uses.
 */
export class RedisClient {
  readonly #redis: Redis | Cluster;
  readonly #verbs = new Map<ScriptName, Run>();
  /** No answer is waited for any longer. */
  readonly deadlineMs: number;
  #calls = 0;

  constructor(
    location: RedisLocation,
    options: {
      scripts: Readonly<Record<ScriptName, string>>;
      deadlineMs: number;
      onError: (error: Error) => void;
      /** A connection has ended: the next answer may come from another server. */
      onClose: () => void;
    },
  ) {
    this.deadlineMs = options.deadlineMs;
    this.#redis = connect(location, options.deadlineMs);
    this.#redis.on('error', (error: Error) => options.onError(withoutCommand(error)));
    this.#redis.on('close', options.onClose);
    for (const [name, lua] of Object.entries(options.scripts) as [ScriptName, string][]) {
      this.#redis.defineCommand(name, { lua });
      const run = Reflect.get(this.#redis, name) as Run;
      this.#verbs.set(name, run.bind(this.#redis));
    }
  }

  /** Whether a connection leads to one server as long as it lasts. In a cluster each call may be sent elsewhere. */
  get steady(): boolean {
    return this.#redis instanceof Redis;
  }

  /** Resolves once there is a connection, or by the deadline without one. */
  async connected(): Promise<void> {
    if (this.#redis.status === 'ready') return;
    const ready = new Promise((resolve) => this.#redis.once('ready', resolve));
    await within(this.deadlineMs, ready).catch(() => {});
  }

  /** How many calls were made. */
  get calls(): number {
    return this.#calls;
  }

  /**
   * @returns the script's array
   * @throws StoreUnreachable by the deadline; what the server did by then or does later is unknown
   */
  async call(
    name: ScriptName,
    keys: readonly string[],
    args: readonly (string | number)[],
  ): Promise<readonly (string | number)[]> {
    const run = this.#verbs.get(name);
    if (run === undefined) throw new Error(`there is no script ${name}`);
    this.#calls += 1;
    try {
      const answer = await run(keys.length, ...keys, ...args);
      return Array.isArray(answer) ? answer : [];
    } catch (error) {
      throw new StoreUnreachable('Redis cannot be asked', { cause: withoutCommand(error) });
    }
  }

  async close(): Promise<void> {
    this.#redis.disconnect();
  }
}

function connect({ server, username, password, tls }: RedisLocation, deadlineMs: number): Redis | Cluster {
  const node = {
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password: password.reveal() }),
    ...(tls === undefined ? {} : { tls }),
    connectTimeout: 1000,
    // From the first attempt on, whatever redirections and waits a cluster adds.
    commandTimeout: deadlineMs,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    // Auto-pipelining hands MOVED to the caller while a cluster is resharded (redis/ioredis 2075), and is slower here.
    enableAutoPipelining: false,
    // An old master that a Sentinel has demoted refuses writes: connect again, to the new one.
    reconnectOnError: (error: Error) => error.message.startsWith('READONLY'),
  };
  const single = { ...node, enableOfflineQueue: false, retryStrategy: soon };
  switch (server.kind) {
    case 'single': {
      const url = server.url.reveal();
      return new Redis(/^unix:\/\/(\/.*)$/.exec(url)?.[1] ?? url, single);
    }
    case 'sentinel': {
      const { name, nodes } = server;
      const sentinel = { name, sentinels: [...nodes], sentinelRetryStrategy: soon };
      // To the Sentinels and to the master alike; either has an option of its own.
      const secured = tls === undefined ? {} : { sentinelTLS: tls, enableTLSForSentinelMode: true };
      return new Redis({ ...single, ...sentinel, ...secured });
    }
    case 'cluster':
      return new Cluster([...server.nodes], {
        enableOfflineQueue: false,
        clusterRetryStrategy: soon,
        retryDelayOnFailover: 50,
        retryDelayOnClusterDown: 50,
        retryDelayOnTryAgain: 20,
        slotsRefreshTimeout: 1000,
        // A node is connected to when it is first needed; what waits for that is bounded by the deadline.
        redisOptions: node,
      });
  }
}

/**
 * The same error without the command that ioredis hangs on it: that of a refused login has the password as an argument. What a cluster
 * gives as its reason becomes the cause, where a log looks for it.
 */
function withoutCommand<Thrown>(error: Thrown): Thrown {
  if (!(error instanceof Error)) return error;
  Reflect.deleteProperty(error, 'command');
  // What Redis says of a command that it doesn't know quotes the arguments, of AUTH as well.
  error.message = error.message.replace(/,? with args beginning with.*$/s, '');
  error.cause ??= withoutCommand(Reflect.get(error, 'lastNodeError'));
  return error;
}

/** Half a second at the most, and never two replicas in step. */
function soon(attempt: number): number {
  return Math.min(50 * attempt, 500) * (0.5 + Math.random() / 2);
}
