import type { Cluster, Redis } from 'ioredis';
import { within } from '../quota/redis-client.ts';
import { connect, withoutCommand } from '../quota/redis-connection.ts';
import type { RedisLocation } from '../quota/redis-location.ts';
import {
  createReader,
  type ExchangeKind,
  type ExchangeQuery,
  KEPT,
  kindsOf,
  type PastExchange,
} from './past-exchange.ts';

/** How long an exchange may be unknown to other replicas. */
const WRITE_EVERY_MS = 200;
/** Of each kind in one write; of more than that only the newest are shared. */
const MOST_QUEUED = 500;
/** So many entries are read at once: Redis needs less than a millisecond for them, and admissions pass in between. */
const PAGE = 500;
/** A Redis that no gateway uses any more is not to keep them for ever. */
const KEPT_MS = 7 * 24 * 60 * 60 * 1000;

/**
 * The last exchanges of all replicas, in two capped streams. Has a connection of its own, so that no admission waits behind them,
 * and writes in the background: what can't be written is lost to the other replicas, and nothing else happens.
 */
export class RedisExchanges {
  readonly #redis: Redis | Cluster;
  readonly #deadlineMs: number;
  readonly #onError: (error: unknown) => void;
  readonly #keys: Readonly<Record<ExchangeKind, string>>;
  readonly #queued: Record<ExchangeKind, string[]> = { calls: [], refusals: [] };
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> | undefined;
  /** Resolves when nobody reads through all that there is. */
  #turn: Promise<unknown> = Promise.resolve();
  #closed = false;

  /** @param options.onError told of what could not be written, and of a connection that fails */
  constructor(
    location: RedisLocation,
    options: { keyPrefix: string; deadlineMs: number; onError: (error: unknown) => void },
  ) {
    const { keyPrefix, deadlineMs, onError } = options;
    this.#deadlineMs = deadlineMs;
    this.#onError = (error) => onError(withoutCommand(error));
    // One hash slot, as one pipeline writes both.
    const stem = `${keyPrefix}:exchanges:{exchanges}`;
    this.#keys = { calls: `${stem}:calls`, refusals: `${stem}:refusals` };
    this.#redis = connect(location, deadlineMs);
    this.#redis.on('error', this.#onError);
  }

  /** Remembers to write it, soon. */
  add(kind: ExchangeKind, text: string): void {
    const queue = this.#queued[kind];
    queue.push(text);
    if (queue.length > MOST_QUEUED) queue.shift();
    this.#writeSoon();
  }

  /** Writes what is remembered; without a connection it stays remembered. Never rejects. */
  write(): Promise<void> {
    this.#writing ??= this.#write()
      .catch(this.#onError)
      .finally(() => {
        this.#writing = undefined;
        if (this.#hasQueued()) this.#writeSoon();
      });
    return this.#writing;
  }

  /**
   * Newest first within each kind. Who may have to read through all that there is waits for its turn: many at once would keep Redis
   * from admissions, and this process from calls.
   *
   * @param signal ends the search
   * @throws if Redis can't be asked, or the search has ended
   */
  async find(query: ExchangeQuery, signal: AbortSignal): Promise<readonly PastExchange[]> {
    await this.write();
    if (isShort(query)) return this.#find(query, signal);
    const found = this.#turn.then(() => this.#find(query, signal));
    this.#turn = found.catch(() => {});
    return found;
  }

  async #find(query: ExchangeQuery, signal: AbortSignal): Promise<readonly PastExchange[]> {
    const count = isShort(query) ? query.limit : PAGE;
    const read = createReader(query);
    const lists = await Promise.all(
      kindsOf(query).map(async (kind) => {
        const found: PastExchange[] = [];
        for await (const text of this.#newestFirst(this.#keys[kind], { count, signal })) {
          const exchange = read(text);
          if (exchange !== undefined) found.push(exchange);
          if (found.length >= query.limit) break;
        }
        return found;
      }),
    );
    return lists.flat();
  }

  /** Writes what is left, if there is a connection and the deadline allows it. Never rejects. */
  async close(): Promise<void> {
    await within(this.#deadlineMs, this.#writeAll()).catch(this.#onError);
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#redis.disconnect();
  }

  async #writeAll(): Promise<void> {
    // The first may be one that was under way, and took nothing of what was added since.
    do await this.write();
    while (this.#hasQueued() && this.#redis.status === 'ready');
  }

  #hasQueued(): boolean {
    return this.#queued.calls.length > 0 || this.#queued.refusals.length > 0;
  }

  #writeSoon(): void {
    if (this.#closed) return;
    this.#timer ??= setTimeout(() => {
      // Also where a write is under way already, which begins no other.
      this.#timer = undefined;
      void this.write();
    }, WRITE_EVERY_MS).unref();
  }

  async #write(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#redis.status !== 'ready') return;
    const pipeline = this.#redis.pipeline();
    for (const kind of ['calls', 'refusals'] as const) {
      const key = this.#keys[kind];
      const texts = this.#queued[kind].splice(0);
      for (const text of texts) pipeline.xadd(key, 'MAXLEN', '~', KEPT[kind], '*', 'e', text);
      if (texts.length > 0) pipeline.pexpire(key, KEPT_MS);
    }
    if (pipeline.length === 0) return;
    const results = await within(this.#deadlineMs, pipeline.exec());
    const failed = results?.find(([error]) => error !== null);
    if (failed !== undefined) throw failed[0];
  }

  /** Reads so many at once. */
  async *#newestFirst(key: string, { count, signal }: { count: number; signal: AbortSignal }): AsyncGenerator<string> {
    for (let last = '+'; ; ) {
      signal.throwIfAborted();
      const entries = await this.#redis.xrevrange(key, last, '-', 'COUNT', count);
      for (const [, fields] of entries) yield fields[1] ?? '';
      const oldest = entries.at(-1);
      if (oldest === undefined || entries.length < count) return;
      last = `(${oldest[0]}`;
    }
  }
}

/** Whether the newest few are all that is asked for. */
function isShort({ limit, refused: _refused, ...sought }: ExchangeQuery): boolean {
  return limit <= PAGE && Object.values(sought).every((value) => value === undefined);
}
