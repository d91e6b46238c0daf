import type { PartitionReport } from './quota-log.ts';
import type { RefusalCause } from './refusal.ts';

/** What a sandbox saw since it started or was reset. `arrivals` is `verified` and all `refused`, once their bodies are read. */
export interface SandboxReport {
  /** All requests, verified or not, counted when their head arrives. */
  readonly arrivals: number;
  /** Requests whose credential was proven, those answered 446 among them. */
  readonly verified: number;
  /** Requests that proved nothing, by cause. */
  readonly refused: Readonly<Record<string, number>>;
  /** Verified requests answered 446 because a quota was spent. */
  readonly throttled: number;
  /** Requests that carried a header the vendor must never see, by its name. */
  readonly leakedHeaders: Readonly<Record<string, number>>;
  readonly accounts: Readonly<Record<string, PartitionReport>>;
  /** By account, then by interface id. */
  readonly interfaces: Readonly<Record<string, Readonly<Record<string, PartitionReport>>>>;
}

/** The counts of a report that need no window. */
export class Tally {
  #arrivals = 0;
  #verified = 0;
  #throttled = 0;
  readonly #refused = new Map<string, number>();
  readonly #leakedHeaders = new Map<string, number>();

  arrive(leakedHeaders: readonly string[]): void {
    this.#arrivals += 1;
    for (const name of leakedHeaders) increment(this.#leakedHeaders, name);
  }

  verify(): void {
    this.#verified += 1;
  }

  refuse(cause: RefusalCause): void {
    increment(this.#refused, cause);
  }

  throttle(): void {
    this.#throttled += 1;
  }

  report(): Omit<SandboxReport, 'accounts' | 'interfaces'> {
    return {
      arrivals: this.#arrivals,
      verified: this.#verified,
      refused: Object.fromEntries(this.#refused),
      throttled: this.#throttled,
      leakedHeaders: Object.fromEntries(this.#leakedHeaders),
    };
  }
}

function increment(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
