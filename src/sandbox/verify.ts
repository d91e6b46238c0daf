import type { Arrival } from './arrival.ts';
import type { Instant, Keyring } from './keyring.ts';
import { Refusal } from './refusal.ts';
import { verifyAccessKey } from './verify-access-key.ts';
import { verifyApiKey } from './verify-api-key.ts';

/**
 * Verifies a request by the scheme that its `Authorization` names (the first one, should there be two).
 *
 * @returns the access key or username that it proved
 * @throws Refusal
 */
export function verify(arrival: Arrival, keyring: Keyring, at: Instant): string {
  const authorization = arrival.headers.get('authorization')?.[0];
  if (authorization === undefined) throw new Refusal(401, 'no-credentials', 'there is no Authorization header');
  if (authorization.startsWith('CNC-HMAC-SHA256 ')) return verifyAccessKey(arrival, authorization, keyring, at);
  if (authorization.startsWith('Basic ')) return verifyApiKey(arrival, authorization, keyring, at);
  throw new Refusal(401, 'malformed', 'Authorization names neither CNC-HMAC-SHA256 nor Basic');
}
