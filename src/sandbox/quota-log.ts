import { SlidingLog } from './sliding-log.ts';

/** How much a sandbox lets through in any window; a request spends one unit of both. */
export interface SandboxQuota {
  readonly account: number;
  readonly interface: number;
  readonly windowMs: number;
}

/** What one partition saw. */
export interface PartitionReport {
  /** Verified requests, refused with 446 or not. */
  readonly arrivals: number;
  /** The most arrivals within any window; above the quota means that somebody overspent. */
  readonly worstWindow: number;
}

/** Whether a request is let through, or which quota stops it. */
export type QuotaDecision = 'admitted' | 'account-spent' | 'interface-spent';

/** Counts verified requests by account and interface, exactly, and admits them while both quotas last. */
export class QuotaLog {
  readonly #quota: SandboxQuota;
  readonly #accounts = new Map<string, Account>();

  constructor(quota: SandboxQuota) {
    this.#quota = quota;
  }

  /**
   * Counts a request and decides on it. A refused one is part of the arrivals and the worst window but spends nothing.
   *
   * @param request.at monotonic ms; never earlier than in the call before
   */
  arrive({ account, apiInterface, at }: { account: string; apiInterface: string; at: number }): QuotaDecision {
    const whole = entry(this.#accounts, account, () => new Account(this.#quota.windowMs));
    const part = entry(whole.interfaces, apiInterface, () => new Partition(this.#quota.windowMs));
    whole.arrive(at);
    part.arrive(at);
    if (whole.spent(at) >= this.#quota.account) return 'account-spent';
    if (part.spent(at) >= this.#quota.interface) return 'interface-spent';
    whole.spend(at);
    part.spend(at);
    return 'admitted';
  }

  /** Accounts by name, and per account its interfaces by id. */
  report(): {
    accounts: Record<string, PartitionReport>;
    interfaces: Record<string, Record<string, PartitionReport>>;
  } {
    const accounts = [...this.#accounts];
    return {
      accounts: Object.fromEntries(accounts.map(([name, account]) => [name, account.report()])),
      interfaces: Object.fromEntries(accounts.map(([name, account]) => [name, account.reportInterfaces()])),
    };
  }
}

class Partition {
  readonly #arrived: SlidingLog;
  readonly #admitted: SlidingLog;
  #arrivals = 0;
  #worstWindow = 0;

  constructor(windowMs: number) {
    this.#arrived = new SlidingLog(windowMs);
    this.#admitted = new SlidingLog(windowMs);
  }

  /** The busiest window ends with an arrival, so looking at each arrival finds it. */
  arrive(at: number): void {
    this.#arrived.add(at);
    this.#arrivals += 1;
    this.#worstWindow = Math.max(this.#worstWindow, this.#arrived.countAt(at));
  }

  spent(at: number): number {
    return this.#admitted.countAt(at);
  }

  spend(at: number): void {
    this.#admitted.add(at);
  }

  report(): PartitionReport {
    return { arrivals: this.#arrivals, worstWindow: this.#worstWindow };
  }
}

class Account extends Partition {
  readonly interfaces = new Map<string, Partition>();

  reportInterfaces(): Record<string, PartitionReport> {
    return Object.fromEntries([...this.interfaces].map(([id, partition]) => [id, partition.report()]));
  }
}

function entry<Value>(map: Map<string, Value>, key: string, create: () => Value): Value {
  const known = map.get(key);
  if (known !== undefined) return known;
  const created = create();
  map.set(key, created);
  return created;
}
