import type { RedisClient } from './redis-client.ts';
import type { NameUse } from './store.ts';
import { UsedNames } from './used-names.ts';

/** The names that were used up by any replica; what this one has used, it remembers also when Redis loses its data. */
export class RedisUsedNames {
  readonly #own = new UsedNames();
  readonly #client: RedisClient;
  readonly #keyPrefix: string;
  readonly #whenDown: 'closed' | 'own';
  readonly #now: () => number;

  /** @param options.now monotonic ms */
  constructor(options: { client: RedisClient; keyPrefix: string; whenDown: 'closed' | 'own'; now: () => number }) {
    this.#client = options.client;
    this.#keyPrefix = options.keyPrefix;
    this.#whenDown = options.whenDown;
    this.#now = options.now;
  }

  /** @throws StoreUnreachable, unless this replica goes on alone then */
  async use(use: NameUse): Promise<boolean> {
    const { name, forMs } = use;
    const now = this.#now();
    if (this.#own.isUsed(name, now)) return false;
    this.#own.use(name, { until: now + forMs, now });
    try {
      const [first] = await this.#client.call('use', [`${this.#keyPrefix}:used:${name}`], [Math.ceil(forMs)]);
      return first === 1;
    } catch (error) {
      if (this.#whenDown === 'own') return true;
      // Nothing came of it, so the caller may try again.
      this.#own.forget(name);
      throw error;
    }
  }
}
