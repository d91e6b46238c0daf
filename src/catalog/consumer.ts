import { hash, timingSafeEqual } from 'node:crypto';
import { consumerForbidden, consumerUnknown } from '../errors.ts';
import type { Limit } from '../quota/policy.ts';
import type { ApiInterface } from './api-interface.ts';

/** Who calls the gateway, and what it may call. */
export interface Consumer {
  readonly name: string;
  /** Names of accounts; the first is used unless the caller picks another. */
  readonly accounts: readonly string[];
  readonly allow: readonly string[];
  /** What it may spend of an account at most; its share of each one that it uses. */
  readonly quota?: Limit;
  /** How long its requests wait for quota when they don't say; not at all without it. */
  readonly waitMs?: number;
}

/** A consumer that proves itself with a bearer token. */
export interface TokenConsumer extends Consumer {
  /** SHA-256 of the token, lower-case hex. */
  readonly tokenSha256: string;
}

/**
 * Tells who presents that `Authorization` header.
 *
 * Where consumers have tokens a bearer token is a claim that must be true. Any other credential is dropped with the rest of the
 * caller's headers, and whoever presents none is `anonymous`, if the configuration has that.
 *
 * @throws `consumer-unknown`
 */
export function identify(
  authorization: string | undefined,
  known: { readonly consumers: readonly TokenConsumer[]; readonly anonymous?: Consumer },
): Consumer {
  const token = /^Bearer(?: +(.*))?$/i.exec(authorization ?? '');
  if (token !== null && known.consumers.length > 0) {
    const consumer = withToken(token[1] ?? '', known.consumers);
    if (consumer === undefined) throw consumerUnknown('the bearer token is not one of this gateway');
    return consumer;
  }
  if (known.anonymous === undefined) {
    throw consumerUnknown('this gateway wants a token: Authorization: Bearer ...');
  }
  return known.anonymous;
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

/** All digests are compared, each in constant time, so that the answer's time tells nothing of the tokens. */
function withToken(token: string, consumers: readonly TokenConsumer[]): TokenConsumer | undefined {
  const digest = Buffer.from(hash('sha256', token));
  return consumers.filter((consumer) => timingSafeEqual(digest, Buffer.from(consumer.tokenSha256)))[0];
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
