import type { Logger } from 'pino';
import type { StoreConfig } from './config/config.ts';
import { createSparing } from './http/sparing.ts';
import { createLookup, type Lookup } from './lookup/lookup.ts';
import { RedisExchanges } from './lookup/redis-exchanges.ts';

const LINE_EVERY_MS = 60_000;

/**
 * Opens the memory of past exchanges: shared by all replicas where their quotas are.
 *
 * @param options.now monotonic ms
 */
export function openLookup(store: StoreConfig, { log, now }: { log: Logger; now: () => number }): Lookup {
  if (store.type === 'memory') return createLookup(undefined);
  const sparing = createSparing({ now, everyMs: LINE_EVERY_MS });
  const onError = (error: unknown) =>
    sparing('any', (count) => log.warn({ err: error, count }, 'past requests not shared'));
  return createLookup(new RedisExchanges(store.location, { ...store, onError }));
}
