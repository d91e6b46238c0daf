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
import type { Replica } from './quota/roster.ts';
import type { QuotaStore } from './quota/store.ts';
import { type OnStoreCall, timed } from './quota/store-timing.ts';

/** A replica acts for at most this long after its last beat; with room for the beat itself. */
const BEAT_SLACK_MS = 5000;
/** A first start has to see whether other replicas are there; longer than that nobody waits for it. */
const OPENING_MS = 5000;

/** Who has quotas. */
export interface QuotaHolders {
  readonly accounts: ReadonlyMap<string, Account>;
  readonly consumers: readonly Pick<Consumer, 'quota'>[];
}

/** A store, and how it is told of a configuration that is to take the place of the one before. */
export interface OpenStore {
  readonly store: QuotaStore;
  /**
   * Gets ready for accounts before they are asked for, so that their first calls need not be refused. Gives up after a few seconds:
   * what isn't ready by then is joined by the first call.
   */
  prepare(quotas: QuotaHolders): Promise<void>;
  /** Who else keeps its quotas there, and this process, as far as known; nobody without Redis. Asks nobody. */
  replicas(): readonly Replica[];
}

/** Opens the store that the configuration names. The only place that knows which stores there are. */
export async function openStore(
  config: StoreConfig,
  options: {
    clock: Clock;
    quotas: QuotaHolders;
    /** How long an admitted request may stay unseen: lease and longest wait. */
    unseenMs: number;
    onError: (error: unknown) => void;
    onLocalDenial: () => void;
    onCall: OnStoreCall;
  },
): Promise<OpenStore> {
  const { clock, unseenMs, onError, onLocalDenial, onCall } = options;
  const now = clock.monotonic;
  if (config.type === 'memory') {
    const { journal: path } = config;
    const journal = path === undefined ? undefined : await openJournal({ path, clock, onError });
    // It knows quotas only from what it is asked.
    return {
      store: timed(createMemoryStore(clock, journal), { now, onCall }),
      prepare: async () => {},
      replicas: () => [],
    };
  }

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
    ...needsOf(options.quotas),
    coldStart: config.coldStart,
    whenDown: config.whenDown,
    onError,
  });

  function needsOf(quotas: QuotaHolders): { accounts: readonly string[]; horizonMs: number } {
    return {
      accounts: [...new Set([...quotas.accounts.values()].map(({ quotaAccount }) => quotaAccount))],
      horizonMs: longestWindowMs(quotas) + unseenMs + BEAT_SLACK_MS,
    };
  }

  async function ready(): Promise<void> {
    const until = clock.monotonic() + OPENING_MS;
    while (store.mode() !== 'ready' && clock.monotonic() < until) await pause(20);
  }

  // Else the first beat fails for want of a connection, and the log says so at every start.
  await client.connected();
  store.start();
  await ready();
  return {
    store: withDenyCache(timed(store, { now, onCall }), { now, onLocalDenial }),
    async prepare(quotas) {
      store.extend(needsOf(quotas));
      await ready();
    },
    replicas: () => store.replicas(),
  };
}

/** Of the quotas that hold everywhere; a longer one of a single interface doesn't keep all others waiting (README.md). */
function longestWindowMs({ accounts, consumers }: QuotaHolders): number {
  const shares = consumers.flatMap(({ quota }) => (quota === undefined ? [] : [quota]));
  const spans = [...accounts.values()].flatMap(({ quotas }) =>
    [quotas.account, quotas.interface, ...shares].map(({ windowMs }) => windowMs + quotas.marginMs),
  );
  return Math.max(...spans);
}
