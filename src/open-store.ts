import { setTimeout as pause } from 'node:timers/promises';
import type { Account } from './catalog/account.ts';
import type { Consumer } from './catalog/consumer.ts';
import type { StoreConfig } from './config/config.ts';
import type { Clock } from './quota/clock.ts';
import { withDenyCache } from './quota/deny-cache.ts';
import { openJournal } from './quota/journal.ts';
import { createMemoryStore } from './quota/memory-store.ts';
import { RedisClient } from './quota/redis-client.ts';
import { readScripts } from './quota/redis-scripts.ts';
import { RedisStore } from './quota/redis-store.ts';
import type { QuotaStore } from './quota/store.ts';

/** A replica acts for at most this long after its last beat; with room for the beat itself. */
const BEAT_SLACK_MS = 5000;
/** A first start has to see whether other replicas are there; longer than that nobody waits for it. */
const OPENING_MS = 5000;

/** Opens the store that the configuration names. The only place that knows which stores there are. */
export async function openStore(
  config: StoreConfig,
  options: {
    clock: Clock;
    accounts: Iterable<Account>;
    consumers: Iterable<Pick<Consumer, 'quota'>>;
    /** How long an admitted request may stay unseen: lease and longest wait. */
    unseenMs: number;
    onError: (error: unknown) => void;
    onLocalDenial: () => void;
  },
): Promise<QuotaStore> {
  const { clock, unseenMs, onError, onLocalDenial } = options;
  if (config.type === 'memory') {
    const { journal: path } = config;
    return createMemoryStore(clock, path === undefined ? undefined : await openJournal({ path, clock, onError }));
  }

  const accounts = [...options.accounts];
  const client = new RedisClient(config.location, {
    scripts: readScripts(),
    deadlineMs: config.deadlineMs,
    onError,
    onClose: () => store.disconnected(),
  });
  const store = new RedisStore({
    client,
    clock,
    keyPrefix: config.keyPrefix,
    accounts: [...new Set(accounts.map(({ quotaAccount }) => quotaAccount))],
    horizonMs: longestWindowMs(accounts, [...options.consumers]) + unseenMs + BEAT_SLACK_MS,
    coldStart: config.coldStart,
    whenDown: config.whenDown,
  });
  store.start();
  const until = clock.monotonic() + OPENING_MS;
  while (store.mode() !== 'ready' && clock.monotonic() < until) await pause(20);
  return withDenyCache(store, { now: clock.monotonic, onLocalDenial });
}

/** Of the quotas that hold everywhere; a longer one of a single interface doesn't keep all others waiting (README.md). */
function longestWindowMs(accounts: readonly Account[], consumers: readonly Pick<Consumer, 'quota'>[]): number {
  const shares = consumers.flatMap(({ quota }) => (quota === undefined ? [] : [quota]));
  const spans = accounts.flatMap(({ quotas }) =>
    [quotas.account, quotas.interface, ...shares].map(({ windowMs }) => windowMs + quotas.marginMs),
  );
  return Math.max(...spans);
}
