import type { ReplayLog } from './replay-log.ts';

/** Who may call a sandbox, and which signatures were used already. */
export interface Keyring {
  /** Access key → secret key. */
  readonly accessKeys: ReadonlyMap<string, string>;
  /** Username → API key. */
  readonly apiKeys: ReadonlyMap<string, string>;
  readonly replays: ReplayLog;
}

/** One reading of both clocks, in ms: wall time judges timestamps, monotonic time measures windows. */
export interface Instant {
  readonly wallMs: number;
  readonly monotonicMs: number;
}
