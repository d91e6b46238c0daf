import { consumerForbidden } from '../errors.ts';
import type { Limit } from '../quota/policy.ts';
import type { Account } from './account.ts';
import type { ApiInterface } from './api-interface.ts';
import type { Network } from './network.ts';
import type { Secret } from './secret.ts';

/** Headers that act for others of the vendor's customers, or look at their figures. */
export const PRIVILEGED_HEADERS = ['on-behalf-of', 'report-range'] as const;

/** Who calls the gateway, and what it may call. */
export interface Consumer {
  readonly name: string;
  /** Names of accounts; the first is used unless the caller picks another. */
  readonly accounts: readonly string[];
  readonly allow: readonly string[];
  /** Which privileged headers it may send, where its account lets them through. */
  readonly forwardHeaders?: readonly string[];
  /** What it may spend of an account at most; its share of each one that it uses. */
  readonly quota?: Limit;
  /** How long its requests wait for quota when they don't say; not at all without it. */
  readonly waitMs?: number;
}

/** A consumer and what identifies it: any of these, or the unix socket that it alone may open. */
export interface KnownConsumer extends Consumer {
  /** SHA-256 of its bearer token, 64 lower-case hex digits. */
  readonly tokenSha256?: string;
  /** A key pair of the gateway's own, for clients that sign as the vendor wants it. */
  readonly accessKey?: { readonly id: string; readonly secretKey: Secret };
  /** The same for the vendor's other scheme. */
  readonly apiKey?: { readonly username: string; readonly apiKey: Secret };
  /** Of its client certificate: `CN:purge-bot`, `DNS:purge.internal`, `URI:spiffe://a/b` or `email:a@b`. */
  readonly certificateName?: string;
}

/** Callers without credentials. */
export interface Anonymous extends Consumer {
  /** Whether they may call from an address. */
  readonly trusts: Network;
}

/**
 * The account that a request uses: what the caller asked for by name, else the consumer's first.
 *
 * @throws `consumer-forbidden` if the consumer may not use it, whether or not it exists
 */
export function accountOf(consumer: Consumer, asked: string | undefined): string {
  const name = asked ?? consumer.accounts[0];
  if (name === undefined || !consumer.accounts.includes(name)) {
    throw consumerForbidden(`consumer ${consumer.name} may not use that account`);
  }
  return name;
}

/**
 * Which privileged headers go on to the vendor: those that both consumer and account have.
 *
 * @param sent lower-case names of the request's headers
 * @throws `consumer-forbidden` for any other that is sent: without it, the call would be made for the account itself
 */
export function privilegedHeaders(
  consumer: Consumer,
  { account, sent }: { account: Pick<Account, 'name' | 'forwardHeaders'>; sent: Readonly<Record<string, unknown>> },
): readonly string[] {
  const given = PRIVILEGED_HEADERS.filter((name) => sent[name] !== undefined);
  const forbidden = given.find(
    (name) => !account.forwardHeaders.includes(name) || !consumer.forwardHeaders?.includes(name),
  );
  if (forbidden === undefined) return given;
  throw consumerForbidden(
    `${forbidden} is not among the forwardHeaders of both consumer ${consumer.name} and account ${account.name}`,
  );
}

/**
 * Whether a consumer may make a call. A pattern is `*` (everything), `read-only` (look-ups only) or `METHOD /path`, where `*` is
 * one segment and a final `/**` the rest. What no pattern names is forbidden.
 *
 * @throws `consumer-forbidden`
 */
export function authorize(
  consumer: Consumer,
  call: { readonly method: string; readonly matchPath: string; readonly apiInterface: ApiInterface },
): void {
  if (!consumer.allow.some((pattern) => allows(pattern, call))) {
    throw consumerForbidden(`consumer ${consumer.name} may not call ${call.apiInterface.id}`);
  }
}

function allows(
  pattern: string,
  { method, matchPath, apiInterface }: { method: string; matchPath: string; apiInterface: ApiInterface },
): boolean {
  if (pattern === '*') return true;
  if (pattern === 'read-only') return apiInterface.readOnly;
  const [patternMethod, patternPath] = pattern.split(' ');
  if (patternMethod !== '*' && patternMethod !== method) return false;
  return covers((patternPath ?? '').split('/').slice(1), matchPath.split('/').slice(1));
}

function covers(pattern: readonly string[], segments: readonly string[]): boolean {
  if (pattern.at(-1) === '**') {
    const fixed = pattern.slice(0, -1);
    return segments.length >= fixed.length && covers(fixed, segments.slice(0, fixed.length));
  }
  return pattern.length === segments.length && pattern.every((part, index) => part === '*' || part === segments[index]);
}
