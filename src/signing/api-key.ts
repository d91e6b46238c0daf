import { createHmac } from 'node:crypto';
import type { Credential } from '../catalog/account.ts';

type ApiKey = Extract<Credential, { type: 'api-key' }>;

/**
 * The headers that sign a request with an API key: Basic, where the password is the HMAC-SHA1 of the date's text (vendor page
 * "API key authentication"). Only the date is covered, neither path nor body: whoever sees the value can use it for any request
 * while it lasts, so it must not leave over plain http.
 *
 * @param date IMF-fixdate as sent in the `date` header, for example `Tue, 14 Nov 2023 22:13:20 GMT`
 */
export function apiKeyHeaders(credential: ApiKey, date: string): Record<string, string> {
  const password = createHmac('sha1', credential.apiKey.reveal()).update(date).digest('base64');
  const pair = Buffer.from(`${credential.username}:${password}`).toString('base64');
  return { date, 'x-cnc-auth-method': 'BASIC', authorization: `Basic ${pair}` };
}
