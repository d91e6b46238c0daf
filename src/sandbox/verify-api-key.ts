import { createHmac, timingSafeEqual } from 'node:crypto';
import { refuseUnclear } from './ambiguity.ts';
import { type Arrival, onlyValue } from './arrival.ts';
import type { Instant, Keyring } from './keyring.ts';
import { Refusal } from './refusal.ts';

/** No page states how far the date may be off; the access-key scheme's figure is taken. */
const TOLERANCE_MS = 5 * 60_000;

/**
 * Verifies an API key: `Basic base64(username:password)`, where the password is the base64 HMAC-SHA1 of the date's text.
 * One value is good for any request until the date is 5 minutes old, as the vendor has it.
 *
 * @returns the username
 * @throws Refusal with status 401
 */
export function verifyApiKey(arrival: Arrival, authorization: string, keyring: Keyring, at: Instant): string {
  const { username, password } = readBasic(authorization);
  const apiKey = keyring.apiKeys.get(username);
  if (apiKey === undefined) throw new Refusal(401, 'unknown-key', 'this sandbox does not know the username');
  refuseUnclear(arrival, 401);
  const dateText = readDate(arrival);
  const expected = createHmac('sha1', apiKey).update(dateText).digest('base64');
  if (!isEqual(password, expected)) {
    throw new Refusal(401, 'bad-signature', 'the password does not fit the date that arrived');
  }
  if (Math.abs(at.wallMs - Date.parse(dateText)) > TOLERANCE_MS) {
    throw new Refusal(401, 'stale', 'the date is more than 5 minutes from server time');
  }
  return username;
}

function readBasic(authorization: string): { username: string; password: string } {
  const encoded = authorization.slice('Basic '.length);
  const bytes = Buffer.from(encoded, 'base64');
  const text = bytes.toString();
  const colon = text.indexOf(':');
  // Node decodes leniently; only what encodes back to the same text was base64.
  if (colon < 0 || bytes.toString('base64') !== encoded) {
    throw new Refusal(401, 'malformed', 'Authorization is not Basic base64(username:password)');
  }
  return { username: text.slice(0, colon), password: text.slice(colon + 1) };
}

function readDate({ headers }: Arrival): string {
  const malformed = (message: string) => new Refusal(401, 'malformed', message);
  if (headers.has('x-cnc-auth-method') && onlyValue(headers, 'x-cnc-auth-method') !== 'BASIC') {
    throw malformed('x-cnc-auth-method is not BASIC');
  }
  // The vendor doesn't say which of the two would count.
  if (headers.has('date') && headers.has('x-cnc-date')) throw malformed('both Date and x-cnc-date are there');
  const dateText = onlyValue(headers, headers.has('date') ? 'date' : 'x-cnc-date');
  if (dateText === undefined) throw malformed('neither Date nor x-cnc-date is there exactly once');
  if (new Date(dateText).toUTCString() !== dateText) {
    throw malformed('the date is not in the form Thu, 17 May 2012 19:37:58 GMT');
  }
  return dateText;
}

function isEqual(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}
