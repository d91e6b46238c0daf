import { appendFileSync, copyFileSync } from 'node:fs';
import type { Clock } from '../../src/quota/clock.ts';
import { type Journal, openJournal } from '../../src/quota/journal.ts';
import { createMemoryStore } from '../../src/quota/memory-store.ts';
import type { Admission, NameUse, PartitionUsage, Permit, QuotaStore, StoreMode } from '../../src/quota/store.ts';

/**
 * A journalled store whose process dies before chosen calls, and is followed by another. The dead one had begun a line that it
 * didn't finish. It can't let go of its file, being this process, so the next one gets a copy.
 */
export class RestartingStore implements QuotaStore {
  readonly #path: string;
  readonly #restarts: ReadonlySet<number>;
  readonly #clockOf: (process: number) => { readonly clock: Clock; readonly boot: string };
  readonly #journals: Journal[] = [];
  #calls = 0;
  #store: QuotaStore | undefined;

  /**
   * @param options.path of the first journal; those that follow add to its name
   * @param options.restarts before which calls, counted from 0, the process dies
   * @param options.clockOf what the n-th process reads
   */
  constructor(options: {
    path: string;
    restarts: readonly number[];
    clockOf: (process: number) => { clock: Clock; boot: string };
  }) {
    this.#path = options.path;
    this.#restarts = new Set(options.restarts);
    this.#clockOf = options.clockOf;
  }

  async admit(admission: Admission) {
    return (await this.#next()).admit(admission);
  }

  async settle(permit: Permit): Promise<void> {
    return (await this.#next()).settle(permit);
  }

  async refund(permit: Permit): Promise<void> {
    return (await this.#next()).refund(permit);
  }

  async block(block: Parameters<QuotaStore['block']>[0]): Promise<void> {
    return (await this.#next()).block(block);
  }

  async usage(account: string): Promise<readonly PartitionUsage[]> {
    return (await this.#next()).usage(account);
  }

  async useOnce(use: NameUse): Promise<boolean> {
    return (await this.#next()).useOnce(use);
  }

  mode(): StoreMode {
    return 'ready';
  }

  async close(): Promise<void> {
    for (const journal of this.#journals) await journal.close();
  }

  async #next(): Promise<QuotaStore> {
    if (this.#store === undefined || this.#restarts.has(this.#calls)) this.#store = await this.#start();
    this.#calls += 1;
    return this.#store;
  }

  async #start(): Promise<QuotaStore> {
    const process = this.#journals.length;
    const path = `${this.#path}-${process}`;
    if (process > 0) {
      copyFileSync(`${this.#path}-${process - 1}`, path);
      appendFileSync(path, '0123abcd {"kind":"adm');
    }
    const { clock, boot } = this.#clockOf(process);
    const onError = (error: unknown) => {
      throw error;
    };
    const journal = await openJournal({ path, clock, boot, onError });
    this.#journals.push(journal);
    return createMemoryStore(clock, journal);
  }
}
