import type { Account } from '../catalog/account.ts';

/** Where the gateway or its admin port listens. */
export interface Listener {
  readonly host: string;
  readonly port: number;
}

/** A consumer as configured: how it is recognised and what it may use. */
export interface ConsumerConfig {
  readonly name: string;
  /** SHA-256 of the bearer token, 64 lower-case hex digits. */
  readonly tokenSha256: string;
  /** The first is the default; the header `x-gateway-account` picks another. */
  readonly accounts: readonly string[];
  readonly allow: readonly string[];
}

/** The whole configuration after checks: references resolved, durations in ms, sizes in bytes, frozen. */
export interface Config {
  readonly listen: readonly Listener[];
  readonly admin: Listener;
  readonly accounts: ReadonlyMap<string, Account>;
  readonly store: { readonly type: 'memory' };
  readonly anonymous?: { readonly account: string; readonly allow: readonly string[] };
  readonly consumers: readonly ConsumerConfig[];
  readonly limits: {
    readonly bodyBytes: number;
    readonly connectTimeoutMs: number;
    readonly upstreamTimeoutMs: number;
    readonly drainMs: number;
    readonly inFlight: number;
  };
  readonly log: { readonly level: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent' };
}
