// A client of its own for the tests: the vendor's rules once more, written against the vectors and not against the verifier.
import { createHash, createHmac } from 'node:crypto';
import { DEMO_ACCESS_KEY, DEMO_API_KEY, DEMO_SECRET_KEY, DEMO_USERNAME } from '../../src/sandbox/demo-credentials.ts';

/** A request in the sandbox's eyes; what is left out is what most requests have. */
export interface ClientRequest {
  readonly method?: string;
  readonly target: string;
  readonly host: string;
  readonly contentType?: string;
  readonly body?: string;
  /** Unix seconds. */
  readonly timestamp?: string;
  readonly accessKey?: string;
  readonly secretKey?: string;
}

/** The headers of a request signed with an access key; by default the sandbox's own, now. */
export function accessKeyHeaders(request: ClientRequest): Record<string, string> {
  const { method = 'GET', target, host, contentType = 'application/json', body = '' } = request;
  const { accessKey = DEMO_ACCESS_KEY, secretKey = DEMO_SECRET_KEY } = request;
  const { timestamp = String(Math.floor(Date.now() / 1000)) } = request;
  const url = /^([^?]*)\??(.*)$/s.exec(target);
  const canonical = [
    `${method}\n${url?.[1]}\n${method === 'POST' ? '' : decodeURIComponent(url?.[2] ?? '')}`,
    `content-type:${contentType.toLowerCase()}\nhost:${host.toLowerCase()}\n`,
    `content-type;host\n${sha256(method === 'GET' ? '' : body)}`,
  ].join('\n');
  const signature = createHmac('sha256', secretKey).update(`CNC-HMAC-SHA256\n${timestamp}\n${sha256(canonical)}`);
  return {
    host,
    'content-type': contentType,
    'x-cnc-accesskey': accessKey,
    'x-cnc-timestamp': timestamp,
    'x-cnc-auth-method': 'AKSK',
    authorization: `CNC-HMAC-SHA256 Credential=${accessKey}, SignedHeaders=content-type;host, Signature=${signature.digest('hex')}`,
  };
}

/** The headers of a request with an API key; by default the sandbox's own, now. */
export function apiKeyHeaders({ date = new Date().toUTCString(), dateHeader = 'date' } = {}): Record<string, string> {
  const password = createHmac('sha1', DEMO_API_KEY).update(date).digest('base64');
  return {
    [dateHeader]: date,
    authorization: `Basic ${Buffer.from(`${DEMO_USERNAME}:${password}`).toString('base64')}`,
  };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
