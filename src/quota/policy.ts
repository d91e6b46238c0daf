/** At most `quota` requests in any `windowMs`, as the vendor or the operator states it. */
export interface Limit {
  readonly quota: number;
  readonly windowMs: number;
}

/** What the configuration says of one account's quotas. */
export interface Quotas {
  readonly account: Limit;
  readonly interface: Limit;
  /** What to do with a limit that the vendor documents for one interface. */
  readonly documentedLimits: 'tighten' | 'replace' | 'ignore';
  /** Added to every window, because the vendor may count in whole seconds. */
  readonly marginMs: number;
  /** The operator's own agreement with the vendor, by interface id (`POST /ccm/purge/ItemIdReceiver`); wins over the rest. */
  readonly interfaces: ReadonlyMap<string, readonly Limit[]>;
}
