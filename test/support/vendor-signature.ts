// The vendor's two schemes once more, computed from the bytes that came; shares nothing with src/signing.
import { createHash, createHmac } from 'node:crypto';
import { DEMO_ACCESS_KEY, DEMO_API_KEY, DEMO_SECRET_KEY, DEMO_USERNAME } from '../../src/sandbox/demo-credentials.ts';
import { valuesOf, type WireRequest } from './raw-upstream.ts';
import type { Keys } from './sdk-client.ts';

/** The authorization that CNC-HMAC-SHA256 demands for a request as it stood on the wire; of the demo's keys if none are given. */
export function accessKeyAuthorization(
  request: WireRequest,
  { id, secret }: Keys = { id: DEMO_ACCESS_KEY, secret: DEMO_SECRET_KEY },
): string {
  const { method, target, body } = request;
  const only = (name: string) => valuesOf(request, name).join(' and ');
  const [path = '', query = ''] = target.split('?', 2);
  const canonicalRequest = [
    method,
    path,
    method === 'POST' ? '' : decodeURIComponent(query),
    `content-type:${only('content-type').toLowerCase()}`,
    `host:${only('host').toLowerCase()}`,
    '',
    'content-type;host',
    sha256(method === 'GET' ? '' : body),
  ].join('\n');
  const stringToSign = `CNC-HMAC-SHA256\n${only('x-cnc-timestamp')}\n${sha256(canonicalRequest)}`;
  const signature = createHmac('sha256', secret).update(stringToSign).digest('hex');
  return `CNC-HMAC-SHA256 Credential=${id}, SignedHeaders=content-type;host, Signature=${signature}`;
}

/** The authorization that the API-key scheme demands: Basic, the password is the HMAC-SHA1 of the date as sent. */
export function apiKeyAuthorization(request: WireRequest): string {
  const date = valuesOf(request, 'date').join(' and ');
  const password = createHmac('sha1', DEMO_API_KEY).update(date).digest('base64');
  return `Basic ${Buffer.from(`${DEMO_USERNAME}:${password}`).toString('base64')}`;
}

function sha256(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
