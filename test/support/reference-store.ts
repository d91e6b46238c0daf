import type { Clock } from '../../src/quota/clock.ts';
import { consumerTag } from '../../src/quota/consumer-tag.ts';
import type {
  Admission,
  Decision,
  NameUse,
  PartitionUsage,
  Permit,
  PolicyState,
  QuotaPolicy,
  QuotaStore,
  StoreMode,
} from '../../src/quota/store.ts';

interface Place {
  readonly account: string;
  readonly partition: string;
}

interface Unit extends Place {
  readonly id: string;
  readonly lastSeen: number;
  readonly tag: string;
  /** The longest window of its partition, with the margin. */
  readonly spanMs: number;
}

/**
 * The contract of `QuotaStore` put as plainly as it can be, to judge the real stores by: forgets nothing, looks at
 * everything, and finds waiting times by trying every instant at which something changes.
 */
export class ReferenceStore implements QuotaStore {
  readonly #clock: Clock;
  #units: readonly Unit[] = [];
  readonly #blocks: (Place & { readonly until: number })[] = [];
  readonly #signed: { readonly account: string; readonly fingerprint: string; readonly second: number }[] = [];
  readonly #used: { readonly name: string; readonly until: number }[] = [];
  #permits = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async admit(admission: Admission): Promise<Decision> {
    const now = this.#clock.monotonic();
    const waitMs = this.#waitMs((at) => this.#admitsAt(admission, at));
    if (waitMs > admission.maxWaitMs) return { allowed: false, waitMs, states: this.#states(admission, false) };

    const before = this.#states(admission, true);
    const sendAt = now + waitMs;
    const { account, fingerprint, charges, marginMs } = admission;
    const signingSecond = this.#nextSecond(admission, this.#clock.wall() + waitMs);
    if (fingerprint !== undefined) this.#signed.push({ account, fingerprint, second: signingSecond });
    const partitions = charges.map(({ partition }) => partition);
    const permit = { id: `${this.#permits++}`, account, partitions, signingSecond, sendAt };
    const units = charges.map(({ partition, policies }) => ({
      id: permit.id,
      account,
      partition,
      lastSeen: sendAt + admission.leaseMs,
      tag: consumerTag(admission.consumer),
      spanMs: Math.max(0, ...policies.map(({ windowMs }) => windowMs + marginMs)),
    }));
    this.#units = [...this.#units, ...units];
    return { allowed: true, permit, waitMs, states: waitMs > 0 ? before : this.#states(admission, true) };
  }

  async settle({ id }: Permit): Promise<void> {
    const now = this.#clock.monotonic();
    this.#units = this.#units.map((unit) =>
      unit.id === id && unit.lastSeen > now ? { ...unit, lastSeen: now } : unit,
    );
  }

  async refund({ id }: Permit): Promise<void> {
    const now = this.#clock.monotonic();
    this.#units = this.#units.filter((unit) => unit.id !== id || unit.lastSeen <= now);
  }

  async block({ forMs, ...place }: Place & { readonly forMs: number }): Promise<void> {
    this.#blocks.push({ ...place, until: this.#clock.monotonic() + forMs });
  }

  async usage(account: string): Promise<readonly PartitionUsage[]> {
    const now = this.#clock.monotonic();
    const charged = this.#units.filter((unit) => unit.account === account && unit.lastSeen + unit.spanMs > now);
    const blocks = this.#blocks.filter((block) => block.account === account && block.until > now);
    const partitions = new Set([...charged, ...blocks].map(({ partition }) => partition));
    return [...partitions].map((partition) => ({
      partition,
      units: charged
        .filter((unit) => unit.partition === partition)
        .sort((one, other) => one.lastSeen - other.lastSeen)
        .map(({ tag, lastSeen }) => ({ tag, ageMs: now - lastSeen })),
      blockedForMs: Math.max(
        0,
        ...blocks.filter((block) => block.partition === partition).map(({ until }) => until - now),
      ),
    }));
  }

  async useOnce({ name, forMs }: NameUse): Promise<boolean> {
    const now = this.#clock.monotonic();
    if (this.#used.some((used) => used.name === name && used.until > now)) return false;
    this.#used.push({ name, until: now + forMs });
    return true;
  }

  mode(): StoreMode {
    return 'ready';
  }

  async close(): Promise<void> {}

  #states({ account, charges, marginMs }: Admission, allowed: boolean): readonly PolicyState[] {
    const now = this.#clock.monotonic();
    return charges.flatMap(({ partition, policies }) =>
      policies.map((policy) => {
        const place = { account, partition };
        const charged = this.#chargedAt(place, policy, marginMs, now);
        const spent = !this.#hasUnitAt(place, policy, marginMs, now);
        const asIfAnswered = charged.map(({ lastSeen }) => Math.min(lastSeen, now) + policy.windowMs + marginMs - now);
        return {
          name: policy.name,
          quota: policy.quota,
          windowMs: policy.windowMs,
          remaining: spent ? 0 : policy.quota - charged.length,
          resetMs: spent
            ? this.#waitMs((at) => this.#hasUnitAt(place, policy, marginMs, at))
            : charged.length === 0
              ? 0
              : Math.min(...asIfAnswered),
          violated: spent && !allowed,
        };
      }),
    );
  }

  #admitsAt(admission: Admission, at: number): boolean {
    const { account, charges, marginMs } = admission;
    const wall = this.#clock.wall() + at - this.#clock.monotonic();
    if (this.#nextSecond(admission, wall) - Math.floor((wall + (admission.clockSkewMs ?? 0)) / 1000) > 240)
      return false;
    return charges.every(
      ({ partition, policies }) =>
        !this.#blockedAt({ account, partition }, at) &&
        policies.every((policy) => this.#hasUnitAt({ account, partition }, policy, marginMs, at)),
    );
  }

  #hasUnitAt(place: Place, policy: QuotaPolicy, marginMs: number, at: number): boolean {
    return !this.#blockedAt(place, at) && this.#chargedAt(place, policy, marginMs, at).length < policy.quota;
  }

  #chargedAt(place: Place, { windowMs }: QuotaPolicy, marginMs: number, at: number): readonly Unit[] {
    return this.#units.filter((unit) => isSame(unit, place) && unit.lastSeen + windowMs + marginMs > at);
  }

  #blockedAt(place: Place, at: number): boolean {
    return this.#blocks.some((block) => isSame(block, place) && block.until > at);
  }

  #nextSecond({ account, fingerprint, clockSkewMs = 0 }: Admission, wall: number): number {
    const given = this.#signed.filter((signed) => signed.account === account && signed.fingerprint === fingerprint);
    return Math.max(Math.floor((wall + clockSkewMs) / 1000), ...given.map(({ second }) => second + 1));
  }

  /** The first millisecond from now that passes, found by halving: everything that refuses does so until some instant. */
  #waitMs(passes: (at: number) => boolean): number {
    const now = this.#clock.monotonic();
    let tooShort = -1;
    let enough = 2 ** 40;
    while (enough - tooShort > 1) {
      const middle = Math.floor((tooShort + enough) / 2);
      if (passes(now + middle)) enough = middle;
      else tooShort = middle;
    }
    return enough;
  }
}

function isSame(one: Place, other: Place): boolean {
  return one.account === other.account && one.partition === other.partition;
}
