import type { PolicyState } from '../quota/store.ts';

/**
 * Writes the `RateLimit-Policy` field: `"account";q=300;w=300, "interface";q=30;w=300`, windows in seconds rounded up.
 * The syntax is that of the IETF draft draft-ietf-httpapi-ratelimit-headers, a list of RFC 9651. Without any state the
 * text is empty, which is how RFC 9651 says that a field must not be sent.
 */
export function rateLimitPolicyField(states: readonly PolicyState[]): string {
  return states.map(({ name, quota, windowMs }) => `${text(name)};q=${quota};w=${seconds(windowMs)}`).join(', ');
}

/**
 * Writes the `RateLimit` field: `"account";r=299;t=300, "interface";r=29;t=300`, what remains and the seconds, rounded
 * up, until there is more. Of the same draft, and empty in the same case.
 */
export function rateLimitField(states: readonly PolicyState[]): string {
  return states.map(({ name, remaining, resetMs }) => `${text(name)};r=${remaining};t=${seconds(resetMs)}`).join(', ');
}

/** Tells what `Retry-After` says: whole seconds, never earlier than the wait is over, and at least 1. */
export function retryAfterSeconds(waitMs: number): number {
  return Math.max(1, seconds(waitMs));
}

/** A String of RFC 9651, section 3.3.3; the name must be printable ASCII. */
function text(name: string): string {
  return `"${name.replace(/["\\]/g, '\\$&')}"`;
}

// Rounded up: a consumer that comes back a moment early is denied again.
function seconds(ms: number): number {
  return Math.ceil(ms / 1000);
}
