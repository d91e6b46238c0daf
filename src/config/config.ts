import type { Account } from '../catalog/account.ts';
import type { KnownConsumer } from '../catalog/consumer.ts';
import type { Listener, TcpListener } from '../catalog/listener.ts';
import type { RedisLocation } from '../quota/redis-location.ts';

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
  readonly admin: Pick<TcpListener, 'host' | 'port'>;
  readonly accounts: ReadonlyMap<string, Account>;
  readonly store: StoreConfig;
  readonly anonymous?: {
    readonly account: string;
    readonly allow: readonly string[];
    readonly forwardHeaders?: readonly string[];
    readonly waitMs?: number;
    /** Networks that they may call from, beside loopback and unix sockets. */
    readonly trustNetwork?: readonly string[];
  };
  readonly consumers: readonly KnownConsumer[];
  readonly limits: {
    readonly bodyBytes: number;
    /** Of the head of a request, its first line among it. */
    readonly headersBytes: number;
    /** Of path and query. */
    readonly urlBytes: number;
    /** For the head and the body of a request together. */
    readonly requestTimeoutMs: number;
    /** Between two requests of a connection, and for a caller to read on. */
    readonly idleTimeoutMs: number;
    /** To each address that is listened on. */
    readonly connections: number;
    /** Mean delay above which requests are refused. */
    readonly eventLoopDelayMs: number;
    readonly connectTimeoutMs: number;
    readonly upstreamTimeoutMs: number;
    /** After the upstream timeout the vendor may still read a request out of its buffers; that long its units stay spent. */
    readonly graceMs: number;
    /** After a stop was asked for, while requests are still served. */
    readonly drainDelayMs: number;
    /** After that. */
    readonly drainMs: number;
    readonly inFlight: number;
    /** The longest that any request may wait for quota; 0 for not at all. */
    readonly waitMs: number;
    /** Most requests that wait at one time. */
    readonly waiting: number;
  };
  readonly audit?: AuditConfig;
  readonly log: {
    readonly level: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';
    readonly format?: 'pino' | 'ecs';
  };
}
