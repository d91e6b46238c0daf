import type { Quotas } from '../quota/policy.ts';
import type { Secret } from './secret.ts';

/** What an account proves itself with: one of the vendor's two schemes. */
export type Credential =
  | { readonly type: 'access-key'; readonly accessKey: string; readonly secretKey: Secret }
  | { readonly type: 'api-key'; readonly username: string; readonly apiKey: Secret };

/** A customer account at CDNetworks: where its API is, what signs for it, and which quotas it may spend. */
export interface Account {
  readonly name: string;
  /** `https://api.cdnetworks.com`: scheme, lower-case host and port if not the scheme's own; no path. */
  readonly origin: string;
  readonly credential: Credential;
  /** Takes the place of `credential` once the vendor refuses that, while keys are being changed. */
  readonly nextCredential?: Credential;
  /** Whose quota is spent: the account's own name, or the account that shares its customer. */
  readonly quotaAccount: string;
  readonly quotas: Quotas;
  /** Privileged request headers that callers may send on, lower-case (`on-behalf-of`, `report-range`). */
  readonly forwardHeaders: readonly string[];
  /** Most requests for it at one time, beside the limit of the whole gateway. */
  readonly inFlight?: number;
  /** PEM of a private certificate authority for the origin, in place of the system's. */
  readonly ca?: string;
}
