/** At most `quota` requests of one partition in any `windowMs`. */
export interface QuotaPolicy {
  /** What consumers read in the RateLimit fields and operators in metrics: printable ASCII. */
  readonly name: string;
  /** A whole number of at least 1. */
  readonly quota: number;
  /** As the vendor or the operator states it; the margin comes on top. */
  readonly windowMs: number;
}

/** What one request owes one partition: one unit of every policy of it. */
export interface Charge {
  readonly partition: string;
  readonly policies: readonly QuotaPolicy[];
}

/** One request asking to be sent. */
export interface Admission {
  /** Whose quota is spent. Partitions belong to it: the same name in two accounts is two partitions. */
  readonly account: string;
  /** Taken all or none; no partition twice. */
  readonly charges: readonly Charge[];
  /** Added to every window, because the vendor may count in whole seconds. */
  readonly marginMs: number;
  /** How long after admission the vendor may still see a request that nobody settled. */
  readonly leaseMs: number;
  /** A hash of what is signed, less the time; absent where the vendor doesn't mind the same signature twice. */
  readonly fingerprint?: string;
  /** How far the vendor's clock is ahead of this one, at most `MOST_SKEW_S`: signing seconds are the vendor's. */
  readonly clockSkewMs?: number;
  /** Who asks; told by `usage`, by its tag. */
  readonly consumer: string;
  /** How long it would wait for its units rather than be denied; 0 for not at all. */
  readonly maxWaitMs: number;
}

/** One policy as its partition stands: after the admission, or untouched by the denial. */
export interface PolicyState {
  readonly name: string;
  readonly quota: number;
  readonly windowMs: number;
  /** Units that could be admitted at once; 0 while the partition is blocked. */
  readonly remaining: number;
  /**
   * With nothing remaining: until there is a unit again; an upper bound while it depends on a request in flight.
   * Otherwise until the oldest unit comes back, as if what is in flight were answered now; 0 when nothing is charged.
   */
  readonly resetMs: number;
  /** Whether this policy is a reason of the denial. */
  readonly violated: boolean;
}

/** The right to send one request once, to be settled or refunded. */
export interface Permit {
  /** Unlike any other permit's, also of another store. */
  readonly id: string;
  readonly account: string;
  readonly partitions: readonly string[];
  /**
   * Unix seconds to sign with: at most 240 ahead of the vendor's clock at `sendAt`, and given to no other request of this
   * fingerprint.
   */
  readonly signingSecond: number;
  /** The instant from which the request may be sent, on this process's monotonic clock; its lease begins here. */
  readonly sendAt: number;
}

/** Admitted with a permit, or denied with the time to wait; one state per policy, in the order of the charges. */
export type Decision =
  | {
      readonly allowed: true;
      readonly permit: Permit;
      /** 0, or how long until `permit.sendAt`: its units are reserved, and charged from now on. */
      readonly waitMs: number;
      /** After a wait: of the instant before the units were reserved, because nothing is left to state until then. */
      readonly states: readonly PolicyState[];
    }
  | {
      readonly allowed: false;
      /**
       * The earliest time from now at which this admission would be allowed if nothing else happened: exact, except
       * that it is an upper bound while it depends on a request in flight.
       */
      readonly waitMs: number;
      readonly states: readonly PolicyState[];
    };

/** One unit that a partition still counts. */
export interface ChargedUnit {
  /** `consumerTag` of who spent it. */
  readonly tag: string;
  /** Since the vendor could last see its request; negative while that may still come. */
  readonly ageMs: number;
}

/** What is charged to one partition. */
export interface PartitionUsage {
  readonly partition: string;
  /** Of the longest window of the partition; oldest first. */
  readonly units: readonly ChargedUnit[];
  /** 0, or until the end of its block. */
  readonly blockedForMs: number;
}

/** A name that is used up for a while, such as the signature of a request that must not come twice. */
export interface NameUse {
  /** Printable ASCII without braces. */
  readonly name: string;
  readonly forMs: number;
}

/** How a store fares: `ready` decides, `recovering` finds out what was spent, `unreachable` can't be asked, `own` reuses its own units. */
export type StoreMode = 'ready' | 'recovering' | 'unreachable' | 'own';

/**
 * Admits requests so that no window of any phase ever holds more of them, as the vendor sees them, than the quota.
 *
 * A unit's `last seen` is the latest instant at which the vendor could still see its request: the end of its lease
 * while it is in flight, then the time it was settled. It is charged while `last seen + window + margin > now`, and a
 * policy admits while fewer units than its quota are charged.
 *
 * Why that is exact: take the requests the vendor sees in any one window, and of them the one admitted last. Each of
 * the others was seen less than a window before it, so was still charged when it was admitted, so there are at most
 * `quota` of them. It needs one clock that never steps, and requests that are sent within their lease.
 *
 * Every promise here is tested by `test/conformance/quota-store.ts`.
 */
export interface QuotaStore {
  /**
   * Decides and takes in one atomic step; a denial takes nothing. Who may wait gets the earliest units that are not
   * reserved yet: first come, first served. Rejects only when the store can't be asked.
   */
  admit(admission: Admission): Promise<Decision>;

  /**
   * The response head came, so the vendor has counted: last seen is now. Only ever shortens a lease, and closes the
   * permit: whatever is asked of it later, and of a permit that the store doesn't know, changes nothing.
   */
  settle(permit: Permit): Promise<void>;

  /**
   * No byte left, so the vendor can't have counted: the units go back. The signing second does not. Changes nothing
   * once the permit was settled or refunded or its lease has run out: a unit is spent unless proven unspent.
   */
  refund(permit: Permit): Promise<void>;

  /** The vendor refused: this partition admits nobody for `forMs`. Of two blocks the one that ends later holds. */
  block(block: { readonly account: string; readonly partition: string; readonly forMs: number }): Promise<void>;

  /** Tells what is charged to each partition of an account. Rejects when the store can't be asked. */
  usage(account: string): Promise<readonly PartitionUsage[]>;

  /**
   * Uses a name that is good for one use: true the first time, false for at least `forMs` after it. Of all who ask at once, one
   * is told true. Rejects when the store can't be asked.
   */
  useOnce(use: NameUse): Promise<boolean>;

  /** How the store fares at this moment; asks nobody. */
  mode(): StoreMode;

  /** Lets go of connections, if any. */
  close(): Promise<void>;
}
