// The signed bytes are the sent bytes: recorded at a socket, and signed once more from what was recorded.
import t, { type Test } from 'tap';
import { sendRaw } from '../sandbox/client-answer.ts';
import { startForwarding } from '../support/forwarding.ts';
import { valuesOf, type WireRequest } from '../support/raw-upstream.ts';
import { accessKeyAuthorization, apiKeyAuthorization } from '../support/vendor-signature.ts';

const SCHEMES = [
  { account: 'main', scheme: 'an access key', authorizationOf: accessKeyAuthorization },
  { account: 'reports', scheme: 'an API key', authorizationOf: apiKeyAuthorization },
];

/** As a caller writes it → as the vendor gets it. */
const TARGETS: readonly (readonly [written: string, sent: string])[] = [
  ['/api/domain', '/api/domain'],
  ['/a?x=a+b&y=%2B&z=%20c&e=', '/a?x=a%20b&y=%2B&z=%20c&e='],
  ['/a?b=2&a=1&b=1', '/a?b=2&a=1&b=1'],
  ['/a?q=a?b?c', '/a?q=a%3Fb%3Fc'],
  ['/a?x={"k":[1]}', '/a?x=%7B%22k%22:%5B1%5D%7D'],
  ['/a?', '/a'],
  ['/a?&&=&x', '/a?&&=&x'],
  ['/a?x=%c3%a9&y=%E4%B8%AD%e6%96%87', '/a?x=%c3%a9&y=%E4%B8%AD%e6%96%87'],
  ['/caf%c3%a9/%E4%B8%AD', '/caf%C3%A9/%E4%B8%AD'],
  ['/a?x=%26%3D%25%23', '/a?x=%26%3D%25%23'],
  ['/%64omain', '/domain'],
  ['/a;p=1', '/a;p=1'],
  ['/a%3Fb', '/a%3Fb'],
  ['/a%20b/*', '/a%20b/*'],
  ['/x@evil.example', '/x@evil.example'],
  ['/http:/evil.example/x', '/http:/evil.example/x'],
  ['/a"b<c>`{d}|e^f', '/a%22b%3Cc%3E%60%7Bd%7D%7Ce%5Ef'],
  ['/a/...b', '/a/...b'],
];

const REFUSED = [
  '/a?x=%zz',
  '/a?x=%',
  '/a?x=%ff',
  '/a?x=1#frag',
  '/a#frag',
  '/caf\u00c3\u00a9', // é as the two bytes of its UTF-8
  '/a?x=\u00c3\u00a9',
  '/a%2Fb',
  '/a%5Cb',
  '/a%00b',
  '/a%0d%0ab',
  '/a/./b',
  '/a/%2e/b',
  '/a/../b',
  '/a/%2e%2e/b',
  '/a/..%2fb',
  '/a\\..\\b',
  '/%5C..%5Cb',
  '/a/..;/b',
  '//evil.example/x',
  '/a//b',
  '/http://evil.example/x',
  '/a/%252e%252e/b',
  '/a%252fb',
  '/a%EF%BC%8Fb',
  '/a/%EF%BC%8E%EF%BC%8E/b',
  'http://evil.example/x',
  '*',
  '/%zz',
];

interface Body {
  readonly method: string;
  readonly written?: string;
  readonly target?: string;
  readonly contentType?: string;
  readonly sentContentType: string;
  readonly body: Buffer;
}

const JSON_TYPE = 'application/json';
const MULTIPART = '--AaB03x\r\ncontent-disposition: form-data; name="f"\r\n\r\nContent\r\n--AaB03x--\r\n';
const BODIES: readonly Body[] = [
  { method: 'POST', sentContentType: JSON_TYPE, body: Buffer.from('{"n":12345678901234567890,"s":"\\u00e9"}') },
  { method: 'POST', sentContentType: JSON_TYPE, body: Buffer.alloc(0) },
  { method: 'POST', target: '/a?x=a%20b', sentContentType: JSON_TYPE, body: Buffer.from('query of a POST') },
  {
    method: 'POST',
    contentType: 'Application/JSON; Charset=UTF-8',
    sentContentType: 'application/json; charset=utf-8',
    body: Buffer.from('{"name":"é中"}'),
  },
  {
    method: 'POST',
    contentType: 'Multipart/Form-Data; Boundary=AaB03x',
    sentContentType: 'multipart/form-data; boundary=AaB03x',
    body: Buffer.from(MULTIPART),
  },
  {
    method: 'PUT',
    contentType: 'application/octet-stream',
    sentContentType: 'application/octet-stream',
    body: Buffer.from([0, 255, 254, 128, 13, 10, 13, 10]),
  },
  { method: 'PATCH', contentType: 'text/plain', sentContentType: 'text/plain', body: Buffer.from([255, 254, 128]) },
  { method: 'DELETE', contentType: JSON_TYPE, sentContentType: JSON_TYPE, body: Buffer.from('null') },
  { method: 'DELETE', sentContentType: JSON_TYPE, body: Buffer.alloc(0) },
  { method: 'GET', contentType: 'Application/Json', sentContentType: JSON_TYPE, body: Buffer.alloc(0) },
  { method: 'HEAD', target: '/a?x=a%20b', sentContentType: JSON_TYPE, body: Buffer.alloc(0) },
  { method: 'OPTIONS', target: '/a?x=a%20b', sentContentType: JSON_TYPE, body: Buffer.alloc(0) },
  { method: 'ENABLE', written: 'POST', sentContentType: JSON_TYPE, body: Buffer.alloc(0) },
  { method: 'DISABLE', written: 'POST', target: '/a?x=a%20b', sentContentType: JSON_TYPE, body: Buffer.from('{}') },
];

for (const { account, scheme, authorizationOf } of SCHEMES) {
  /** One of each, and the authorization is what the received bytes demand. */
  function assertSigned(t: Test, request: WireRequest | undefined, host: string): void {
    if (request === undefined) return void t.fail('nothing arrived');
    t.strictSame(valuesOf(request, 'authorization'), [authorizationOf(request)], 'authorization');
    t.strictSame(valuesOf(request, 'host'), [host], 'host');
    t.equal(valuesOf(request, 'content-type').length, 1, 'one content-type');
    t.strictSame(valuesOf(request, 'transfer-encoding'), [], 'no transfer-encoding');
  }

  t.test(`with ${scheme} every target arrives in the one form that is signed`, async (t) => {
    const { upstream, gateway } = await startForwarding(t, { anonymous: { account, allow: ['*'] } });
    for (const [written, sent] of TARGETS) {
      const count = upstream.requests.length;
      await sendRaw(gateway.url, rawRequest('GET', written, {}));
      const request = upstream.requests[count];
      t.equal(request?.target, sent, written);
      assertSigned(t, request, new URL(upstream.origin).host);
    }
    t.equal(upstream.requests.length, TARGETS.length);
  });

  t.test(`with ${scheme} every method, content-type and body arrives signed as it is`, async (t) => {
    const { upstream, gateway } = await startForwarding(t, { anonymous: { account, allow: ['*'] } });
    for (const { method, written = method, target = '/a', contentType, sentContentType, body } of BODIES) {
      const count = upstream.requests.length;
      const headers = {
        ...(contentType === undefined ? {} : { 'Content-Type': contentType }),
        ...(written === method ? {} : { 'X-HTTP-Method-Override': method }),
        ...(body.length > 0 ? { 'content-length': String(body.length) } : {}),
      };
      await sendRaw(gateway.url, rawRequest(written, target, headers) + body.toString('latin1'));
      const request = upstream.requests[count];
      t.match(request, { method, target, body }, `${method} ${contentType}`);
      t.equal(request && valuesOf(request, 'content-type')[0], sentContentType);
      assertSigned(t, request, new URL(upstream.origin).host);
    }
    t.equal(upstream.requests.length, BODIES.length);
  });
}

t.test('the time of a signature is now, and stands in the header that the scheme reads', async (t) => {
  for (const { account, timeOf } of [
    { account: 'main', timeOf: (request: WireRequest) => Number(valuesOf(request, 'x-cnc-timestamp')) * 1000 },
    { account: 'reports', timeOf: (request: WireRequest) => Date.parse(valuesOf(request, 'date').join()) },
  ]) {
    const { upstream, gateway } = await startForwarding(t, { anonymous: { account, allow: ['*'] } });
    await sendRaw(gateway.url, rawRequest('GET', '/a', {}));
    const [request] = upstream.requests;
    if (request !== undefined) t.ok(Math.abs(timeOf(request) - Date.now()) < 5000, account);
    t.equal(upstream.requests.length, 1);
  }
});

t.test('a target that cannot be signed so that everybody agrees is refused, and nothing is sent', async (t) => {
  const { upstream, gateway } = await startForwarding(t);
  for (const target of REFUSED) {
    const { text } = await sendRaw(gateway.url, rawRequest('GET', target, {}));
    t.match(text, /^HTTP\/1\.1 400 /, target);
    t.match(text, /x-gateway-error: request-invalid/i, target);
  }
  t.equal(upstream.bytesReceived(), 0);
});

t.test('only ENABLE and DISABLE can be asked for by x-http-method-override, and only on a POST', async (t) => {
  const { upstream, gateway } = await startForwarding(t);
  for (const [method, override] of [
    ['POST', 'DELETE'],
    ['POST', 'enable'],
    ['GET', 'ENABLE'],
    ['PUT', 'DISABLE'],
  ] as const) {
    const { text } = await sendRaw(gateway.url, rawRequest(method, '/a', { 'x-http-method-override': override }));
    t.match(text, /^HTTP\/1\.1 400 /, `${method} as ${override}`);
  }
  t.equal(upstream.bytesReceived(), 0);
});

function rawRequest(method: string, target: string, headers: Readonly<Record<string, string>>): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n${lines.join('')}\r\n`;
}
