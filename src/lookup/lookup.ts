import { within } from '../quota/redis-client.ts';
import { type ExchangeQuery, kindOf, merge, type PastExchange } from './past-exchange.ts';
import { RecentExchanges } from './recent-exchanges.ts';
import type { RedisExchanges } from './redis-exchanges.ts';

/** What was found, newest first, and who answered: without Redis, or while it can't be asked, it is what this process has carried. */
export interface Found {
  readonly from: 'redis' | 'this replica';
  readonly exchanges: readonly PastExchange[];
}

/** Remembers the last exchanges, and finds them. */
export interface Lookup {
  /** Costs microseconds, and never throws. */
  record(exchange: PastExchange): void;
  /**
   * Never rejects.
   *
   * @param withinMs how long Redis may take
   */
  find(query: ExchangeQuery, withinMs: number): Promise<Found>;
  close(): Promise<void>;
}

/** @param shared where all replicas write, if there is such a place */
export function createLookup(
  shared: Pick<RedisExchanges, 'add' | 'find' | 'close'> | undefined,
  recent = new RecentExchanges(),
): Lookup {
  return {
    record(exchange) {
      const kind = kindOf(exchange);
      const text = JSON.stringify(exchange);
      recent.add(kind, text);
      shared?.add(kind, text);
    },
    async find(query, withinMs) {
      const own = recent.find(query);
      const told = await (shared &&
        within(withinMs, shared.find(query, AbortSignal.timeout(withinMs))).catch(() => undefined));
      if (told === undefined) return { from: 'this replica', exchanges: own };
      // Ours as well: what could not be written while Redis was away is nowhere else.
      return { from: 'redis', exchanges: merge([told, own], query.limit) };
    },
    close: async () => shared?.close(),
  };
}
