import type { Account } from '../catalog/account.ts';
import type { RedisLocation } from '../quota/redis-location.ts';

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
  /** How long its requests wait for quota when they don't say; not at all without it. */
  readonly waitMs?: number;
}

/** Where quotas are counted. */
export type StoreConfig =
  | {
      readonly type: 'memory';
      /** The absolute path of a file in a folder that exists. */
      readonly journal?: string;
    }
  | {
      readonly type: 'redis';
      readonly location: RedisLocation;
      readonly keyPrefix: string;
      readonly whenDown: 'closed' | 'own';
      readonly coldStart: 'trust' | 'hold';
      readonly deadlineMs: number;
    };

/** Where calls that change something are recorded, and what happens to such calls while they can't be. */
export interface AuditConfig {
  /** Absolute path. */
  readonly file: string;
  readonly onAuditFailure: 'refuse' | 'continue';
}

/** The whole configuration after checks: references resolved, durations in ms, sizes in bytes, frozen. */
export interface Config {
  readonly listen: readonly Listener[];
  readonly admin: Listener;
  readonly accounts: ReadonlyMap<string, Account>;
  readonly store: StoreConfig;
  readonly anonymous?: { readonly account: string; readonly allow: readonly string[]; readonly waitMs?: number };
  readonly consumers: readonly ConsumerConfig[];
  readonly limits: {
    readonly bodyBytes: number;
    /** For the head and the body of a request together. */
    readonly requestTimeoutMs: number;
    readonly connectTimeoutMs: number;
    readonly upstreamTimeoutMs: number;
    /** After the upstream timeout the vendor may still read a request out of its buffers; that long its units stay spent. */
    readonly graceMs: number;
    readonly drainMs: number;
    readonly inFlight: number;
    /** The longest that any request may wait for quota; 0 for not at all. */
    readonly waitMs: number;
    /** Most requests that wait at one time. */
    readonly waiting: number;
  };
  readonly audit?: AuditConfig;
  readonly log: { readonly level: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent' };
}
