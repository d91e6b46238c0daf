import { type Cluster, Redis } from 'ioredis';
import { connect, withoutCommand } from './redis-connection.ts';
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
