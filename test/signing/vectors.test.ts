// What the vendor's own SDKs compute for the same input. Each intermediate is asserted, so a failure names its step.
import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import t from 'tap';
import { Secret } from '../../src/catalog/secret.ts';
import { accessKeyHeaders } from '../../src/signing/access-key.ts';
import { apiKeyHeaders } from '../../src/signing/api-key.ts';
import { canonicalRequest, stringToSign } from '../../src/signing/canonical-request.ts';

interface AccessKeyVector {
  readonly name: string;
  readonly sdksAgree: boolean;
  readonly input: {
    readonly method: string;
    readonly path: string;
    readonly query: string | null;
    readonly headers: Record<string, string>;
    readonly body: string;
    readonly accessKey: string;
    readonly secretKey: string;
    readonly timestamp: string;
    readonly signedHeaders: string | null;
  };
  readonly expected: {
    readonly canonicalRequest: string;
    readonly stringToSign: string;
    readonly signature: string;
    readonly signedHeaders: string;
    readonly authorization: string;
  };
}

interface ApiKeyVector {
  readonly name: string;
  readonly note?: string;
  readonly input: { readonly username: string; readonly apiKey: string; readonly date: string; readonly hash?: string };
  readonly expected: { readonly password?: string; readonly basicPlain?: string; readonly authorization?: string };
}

function read<Vector>(name: string): Vector[] {
  return JSON.parse(readFileSync(new URL(`../vectors/${name}.json`, import.meta.url), 'utf8')) as Vector[];
}

const accessKeyVectors = read<AccessKeyVector>('aksk').filter((vector) => vector.sdksAgree);

t.equal(accessKeyVectors.length, 56, 'every access-key vector on which the SDKs agree is here');

for (const { name, input, expected } of accessKeyVectors) {
  t.test(`access key, ${name}: canonical request, string to sign, signature and header are the SDKs'`, async (t) => {
    const { signedHeaders } = input;
    const request = {
      method: input.method,
      path: input.path,
      query: input.query ?? '',
      headers: Object.fromEntries(Object.entries(input.headers).map(([key, value]) => [key.toLowerCase(), value])),
      body: Buffer.from(input.body),
    };
    const canonical =
      signedHeaders === null ? canonicalRequest(request) : canonicalRequest(request, signedHeaders.split(';'));
    t.equal(canonical, expected.canonicalRequest);
    const canonicalRequestHash = hash('sha256', canonical);
    t.equal(stringToSign(input.timestamp, canonicalRequestHash), expected.stringToSign);
    const headers = accessKeyHeaders(
      { type: 'access-key', accessKey: input.accessKey, secretKey: new Secret(input.secretKey) },
      { timestamp: input.timestamp, canonicalRequestHash },
    );
    t.match(headers['authorization'], new RegExp(`Signature=${expected.signature}$`));
    if (expected.signedHeaders === 'content-type;host') t.equal(headers['authorization'], expected.authorization);
    t.equal(headers['x-cnc-accesskey'], input.accessKey);
    t.equal(headers['x-cnc-timestamp'], input.timestamp);
    t.equal(headers['x-cnc-auth-method'], 'AKSK');
  });
}

/** Published variants of the scheme (HMAC-SHA256) and the CDN Pro key cipher are other computations. */
const apiKeyVectors = read<ApiKeyVector>('apikey').filter(
  ({ note, expected }) => !(note ?? '').startsWith('VARIANT') && expected.password !== undefined,
);

t.equal(apiKeyVectors.length, 14, 'every API-key vector that is no variant is here');

for (const { name, input, expected } of apiKeyVectors) {
  t.test(`API key, ${name}: the password and the header are what openssl and Python compute`, async (t) => {
    const { username, apiKey, date } = input;
    const headers = apiKeyHeaders({ type: 'api-key', username, apiKey: new Secret(apiKey) }, date);
    const [scheme, pair] = (headers['authorization'] ?? '').split(' ');
    t.equal(scheme, 'Basic');
    const plain = Buffer.from(pair ?? '', 'base64').toString();
    t.equal(plain.slice(username.length + 1), expected.password);
    t.equal(plain, expected.basicPlain);
    t.equal(headers['authorization'], expected.authorization);
    t.equal(headers['date'], date);
  });
}
