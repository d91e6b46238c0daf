import { setTimeout as pause } from 'node:timers/promises';
import type { Snapshot } from '../catalog/snapshot.ts';
import type { Clock } from '../quota/clock.ts';
import type { QuotaStore } from '../quota/store.ts';
import { type QuotaReport, quotaReport } from './quota-report.ts';

/** What an account had spent when the store was last able to say. */
export interface KnownUsage {
  readonly report: QuotaReport;
  /** Wall ms. */
  readonly at: number;
}

/** A look asks for every partition of every account, so it isn't made for everybody who wants to know. */
const LOOK_EVERY_MS = 1000;

/** What every account has spent, as it was last known: one look at a time, and one a second, however many ask. */
export class QuotaLook {
  readonly #store: Pick<QuotaStore, 'usage'>;
  readonly #snapshot: () => Snapshot;
  readonly #clock: Clock;
  #known: ReadonlyMap<string, KnownUsage> = new Map();
  #looking: Promise<void> | undefined;
  #lookedAt = Number.NEGATIVE_INFINITY;

  constructor(options: { store: Pick<QuotaStore, 'usage'>; snapshot: () => Snapshot; clock: Clock }) {
    this.#store = options.store;
    this.#snapshot = options.snapshot;
    this.#clock = options.clock;
  }

  /** Asks nobody. Undefined of an account that no look has seen yet. */
  lastKnown(account: string): KnownUsage | undefined {
    return this.#known.get(account);
  }

  /** Resolves once the look that is due or under way has ended, with or without an answer: what was known then stays. */
  refresh(): Promise<void> {
    if (this.#looking !== undefined) return this.#looking;
    const now = this.#clock.monotonic();
    if (now - this.#lookedAt < LOOK_EVERY_MS) return Promise.resolve();
    this.#lookedAt = now;
    this.#looking = this.#look().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  /** The same, and after `ms` at the latest: whoever asks gets an answer, be it with what was known before. */
  async refreshWithin(ms: number): Promise<void> {
    await Promise.race([this.refresh(), pause(ms, undefined, { ref: false })]);
  }

  async #look(): Promise<void> {
    const snapshot = this.#snapshot();
    const accounts = [...snapshot.accounts.values()];
    const seen = await Promise.all(
      accounts.map(async (account): Promise<[string, KnownUsage] | undefined> => {
        try {
          const usage = await this.#store.usage(account.quotaAccount);
          return [account.name, { report: quotaReport(account, usage, snapshot), at: this.#clock.wall() }];
        } catch {
          const before = this.#known.get(account.name);
          return before && [account.name, before];
        }
      }),
    );
    this.#known = new Map(seen.filter((entry) => entry !== undefined));
  }
}
