// Which headers of a caller reach the vendor. Whole sets are compared, so that a new one can't slip through.
import t, { type Test } from 'tap';
import { send, sendRaw } from '../sandbox/client-answer.ts';
import { startForwarding } from '../support/forwarding.ts';
import { accountsAt, startTestGateway } from '../support/gateway.ts';
import { startRawUpstream, valuesOf, type WireRequest } from '../support/raw-upstream.ts';

const PASSED = {
  accept: 'application/xml',
  'accept-encoding': 'gzip, br;q=0.5',
  'accept-language': 'zh-CN',
  'content-language': 'en',
  'if-match': '"a"',
  'if-modified-since': 'Tue, 14 Nov 2023 22:13:20 GMT',
  'if-none-match': '"b"',
  'if-unmodified-since': 'Tue, 14 Nov 2023 22:13:20 GMT',
  range: 'bytes=0-1',
  servicetype: 'x',
  'user-agent': 'terraform-provider/1.0 (linux; amd64)',
  'x-cnc-api-type': 'terraform',
  'x-time-zone': 'GMT+8',
};

/** Credentials, addresses, cookies, what belongs to a connection, and whatever else no one has heard of. */
const KEPT = {
  authorization: 'CNC-HMAC-SHA256 Credential=theirs, SignedHeaders=content-type;host, Signature=00',
  'x-cnc-accesskey': 'theirs',
  'x-cnc-timestamp': '1',
  'x-cnc-auth-method': 'BASIC',
  'x-cnc-date': 'theirs',
  'x-ws-accesskey': 'theirs',
  'x-ws-anything': 'theirs',
  date: 'Tue, 14 Nov 2023 22:13:20 GMT',
  cookie: 'session=theirs',
  'proxy-authorization': 'Basic dGhlaXJz',
  'proxy-connection': 'keep-alive',
  forwarded: 'for=192.0.2.1',
  'x-forwarded-for': '192.0.2.1',
  'x-forwarded-host': 'internal.example',
  'x-forwarded-proto': 'http',
  'x-real-ip': '192.0.2.1',
  via: '1.1 internal.example',
  expect: '100-continue',
  'keep-alive': 'timeout=5',
  te: 'trailers',
  upgrade: 'h2c',
  apikey: 'theirs',
  'x-internal-token': 'theirs',
  'x-consumer-id': 'theirs',
  'x-gateway-account': 'main',
  referer: 'http://internal.example/',
};

const SIGNED = ['authorization', 'x-cnc-accesskey', 'x-cnc-auth-method', 'x-cnc-timestamp'];
const ALWAYS = ['connection', 'content-type', 'host', 'traceparent', 'via', ...SIGNED];

t.test('the vendor gets what is meant for it and nothing else', async (t) => {
  const { upstream, gateway } = await startForwarding(t);
  await send(gateway.url, { target: '/a', headers: { ...PASSED, ...KEPT } });
  const [request] = upstream.requests;
  if (request === undefined) return void t.fail('nothing arrived');
  t.strictSame(namesOf(request), [...Object.keys(PASSED), ...ALWAYS].sort());
  for (const [name, value] of Object.entries(PASSED)) t.strictSame(valuesOf(request, name), [value], name);
  t.notMatch(request.bytes.toString('latin1'), /theirs|dGhlaXJz|192\.0\.2|internal\.example/);
  t.strictSame(valuesOf(request, 'via'), ['1.1 cdnetworks-gateway']);
});

t.test("a body's headers pass, and its length is what is sent", async (t) => {
  const { upstream, gateway } = await startForwarding(t);
  const headers = { 'content-type': 'text/csv', 'content-encoding': 'gzip', ...KEPT };
  await send(gateway.url, { method: 'POST', target: '/a', headers, body: 'x,y' });
  const [request] = upstream.requests;
  if (request === undefined) return void t.fail('nothing arrived');
  t.strictSame(namesOf(request), ['content-encoding', 'content-length', ...ALWAYS].sort());
  t.strictSame(valuesOf(request, 'content-length'), ['3']);
  t.strictSame(valuesOf(request, 'content-encoding'), ['gzip']);
});

t.test(
  'on-behalf-of and report-range pass where both account and caller have them, else nothing is sent',
  async (t) => {
    const privileged = { 'on-behalf-of': 'customer', 'report-range': 'all' };
    const lists = [undefined, [], ['on-behalf-of'], ['report-range'], ['on-behalf-of', 'report-range']];
    for (const [ofAccount, ofCaller] of lists.flatMap((one) => lists.map((other) => [one, other]))) {
      const { upstream, gateway } = await startPrivileged(t, { ofAccount, ofCaller });
      const both = Object.keys(privileged).filter((name) => ofAccount?.includes(name) && ofCaller?.includes(name));
      for (const [name, value] of Object.entries(privileged)) {
        const { status, bytes } = await send(gateway.url, { target: '/a', headers: { [name]: value } });
        t.equal(status, both.includes(name) ? 200 : 403, `${name}: ${ofAccount} ${ofCaller}`);
        if (status === 403) t.match(bytes.toString(), `${name} is not among the forwardHeaders of both`);
      }
      t.strictSame(
        upstream.requests.map(namesOf),
        both.map((name) => [...ALWAYS, name].sort()),
      );
    }
  },
);

async function startPrivileged(t: Test, lists: Record<'ofAccount' | 'ofCaller', readonly string[] | undefined>) {
  const upstream = await startRawUpstream();
  const accounts = accountsAt(upstream.origin);
  const main = accounts.get('main');
  if (main !== undefined) accounts.set('main', { ...main, forwardHeaders: lists.ofAccount ?? [] });
  const anonymous = { account: 'main', allow: ['*'], ...(lists.ofCaller && { forwardHeaders: lists.ofCaller }) };
  const gateway = await startTestGateway(upstream.origin, { accounts, anonymous });
  t.teardown(async () => {
    await gateway.drain();
    await upstream.close();
  });
  return { upstream, gateway };
}

t.test('a caller that names our headers in Connection takes none of them away', async (t) => {
  const { upstream, gateway } = await startForwarding(t);
  const connection = `close, via, ${ALWAYS.join(', ')}, x-cnc-request-id, x-http-method-override, content-length`;
  const { headers } = await send(gateway.url, { method: 'POST', target: '/a', headers: { connection }, body: '{}' });
  t.equal(headers['via'], '1.1 cdnetworks-gateway');
  t.strictSame(upstream.requests.map(namesOf), [['content-length', ...ALWAYS].sort()]);
});

t.test('a header that comes twice is one header for the vendor, or the first', async (t) => {
  const { upstream, gateway } = await startForwarding(t);
  const twice = 'Accept: a/b\r\nAccept: c/d\r\nContent-Type: text/a\r\nContent-Type: text/b\r\nHost: localhost\r\n';
  await sendRaw(gateway.url, `POST /a HTTP/1.1\r\nConnection: close\r\n${twice}Content-Length: 2\r\n\r\n{}`);
  const [request] = upstream.requests;
  if (request === undefined) return void t.fail('nothing arrived');
  t.strictSame(valuesOf(request, 'accept'), ['a/b, c/d']);
  t.strictSame(valuesOf(request, 'content-type'), ['text/a']);
});

t.test('trailers of a chunked upload end here', async (t) => {
  const { upstream, gateway } = await startForwarding(t);
  const head =
    'POST /a HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nTrailer: x-sum\r\nConnection: close\r\n\r\n';
  await sendRaw(gateway.url, `${head}2\r\n{}\r\n0\r\nx-sum: 1\r\n\r\n`);
  t.match(upstream.requests, [{ body: Buffer.from('{}') }]);
  t.strictSame(upstream.requests.map(namesOf), [['content-length', ...ALWAYS].sort()]);
});

t.test('Expect: 100-continue is met here, so that the caller sends its body', async (t) => {
  const { upstream, gateway } = await startForwarding(t);
  const head =
    'POST /a HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 2\r\nConnection: close\r\n\r\n';
  const { text } = await sendRaw(gateway.url, head, '100 Continue');
  t.match(text, /^HTTP\/1\.1 100 Continue/);
  t.equal(upstream.bytesReceived(), 0, 'nothing is sent before the body is there');
});

function namesOf({ headers }: WireRequest): string[] {
  return headers.map(([name]) => name.toLowerCase()).sort();
}
