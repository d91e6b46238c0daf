import { createHmac, timingSafeEqual } from 'node:crypto';
import type { KnownConsumer } from '../catalog/consumer.ts';
import { type Claim, type FailureReason, NotIdentified, type Presented, valuesOf } from './presented.ts';
import { isCurrent } from './tolerance.ts';

/**
 * Tells whose virtual API key has proven the date: Basic, where the password is the HMAC-SHA1 of the text of `x-cnc-date` or, without
 * that, of `Date` (vendor page "API key authentication"). The scheme covers nothing but the date, so one value is good for any
 * number of requests until it is five minutes old.
 *
 * @throws NotIdentified
 */
export function claimApiKey(
  authorization: string,
  { presented, consumers, at }: { presented: Presented; consumers: readonly KnownConsumer[]; at: number },
): Claim {
  const { username, password } = readPair(authorization);
  const date = dateOf(presented.rawHeaders);
  const consumer = consumers.find(({ apiKey }) => apiKey?.username === username);
  if (consumer?.apiKey === undefined) throw failed('the user name is not one of this gateway', 'unknown');
  if (!isCurrent(Date.parse(date), at))
    throw failed("the date is more than 5 minutes off this gateway's clock", 'stale');
  const expected = createHmac('sha1', consumer.apiKey.apiKey.reveal()).update(date).digest('base64');
  if (!isSame(password, expected)) throw failed('the password is not the HMAC-SHA1 of the date', 'signature');
  return { consumer };
}

function readPair(authorization: string): { username: string; password: string } {
  const [, base64] = /^Basic +([A-Za-z0-9+/]+={0,2})$/i.exec(authorization) ?? [];
  const pair = Buffer.from(base64 ?? '', 'base64').toString();
  const colon = pair.indexOf(':');
  if (colon < 1) throw failed('Basic is not followed by base64 of user name, colon and password', 'malformed');
  return { username: pair.slice(0, colon), password: pair.slice(colon + 1) };
}

/** IMF-fixdate and nothing else: of a text that can be read in two ways, the signed one and the current one could be two dates. */
function dateOf(rawHeaders: readonly string[]): string {
  const [cncDate = [], plain = []] = ['x-cnc-date', 'date'].map((name) => valuesOf(rawHeaders, name));
  const [date = '', another] = cncDate.length > 0 ? cncDate : plain;
  const instant = Date.parse(date);
  if (another !== undefined || Number.isNaN(instant) || new Date(instant).toUTCString() !== date) {
    throw failed('there must be one Date or x-cnc-date such as Thu, 17 May 2012 19:37:58 GMT', 'malformed');
  }
  return date;
}

function isSame(given: string, expected: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(expected)];
  return one.length === other.length && timingSafeEqual(one, other);
}

function failed(message: string, reason: FailureReason): NotIdentified {
  return new NotIdentified(message, { scheme: 'api-key', reason });
}
