// Which headers of the vendor's reach the caller. The whole set is compared, so that a new one can't slip through.
import { Agent } from 'node:http';
import t from 'tap';
import { send, sendRaw } from '../sandbox/client-answer.ts';
import { startForwarding } from '../support/forwarding.ts';
import { httpAnswer } from '../support/raw-upstream.ts';

const ANSWER = {
  'Content-Type': 'Application/JSON;Charset=GBK',
  Date: 'Tue, 14 Nov 2023 22:13:20 GMT',
  Server: 'vendor',
  'X-CNC-Request-Id': '5f3c2b1a',
  ETag: '"abc"',
  'Set-Cookie': ['a=1', 'b=2'],
  Link: ['</a>; rel=next', '</b>; rel=last'],
  'Retry-After': '7',
  'X-Unheard-Of': 'kept',
};

const NOT_OURS = {
  Connection: ['close, X-Hop', 'x-hip'],
  'X-Hop': 'hop',
  'X-Hip': 'hip',
  'Keep-Alive': 'timeout=1',
  'Proxy-Authenticate': 'Basic realm=x',
  'Proxy-Connection': 'close',
  TE: 'trailers',
  Trailer: 'x-checksum',
  Upgrade: 'h2c',
  'X-Gateway-Error': 'forged',
  RateLimit: 'forged',
  'RateLimit-Policy': 'forged',
};

t.test("the vendor's headers come back as they were, without those of its connection and of the gateway", async (t) => {
  const { upstream, gateway } = await startForwarding(t);
  upstream.answerWith((socket) => socket.end(httpAnswer('200 OK', { ...ANSWER, ...NOT_OURS }, '{}')));
  const agent = new Agent({ keepAlive: true });
  t.teardown(() => agent.destroy());
  const { status, headers } = await send(gateway.url, { target: '/a', agent });
  t.equal(status, 200);
  const { ratelimit, 'ratelimit-policy': policy, 'keep-alive': ours, ...rest } = headers;
  t.match({ ratelimit, policy }, { ratelimit: /^"account";r=/, policy: /^"account";q=/ });
  t.not(ours, 'timeout=1');
  t.strictSame(rest, {
    'content-type': 'Application/JSON;Charset=GBK',
    date: 'Tue, 14 Nov 2023 22:13:20 GMT',
    server: 'vendor',
    'x-cnc-request-id': '5f3c2b1a',
    etag: '"abc"',
    'set-cookie': ['a=1', 'b=2'],
    link: '</a>; rel=next, </b>; rel=last',
    'retry-after': '7',
    'x-unheard-of': 'kept',
    'content-length': '2',
    via: '1.1 cdnetworks-gateway',
    connection: 'keep-alive',
  });
  t.equal((await send(gateway.url, { target: '/b', agent })).status, 200, "the caller's connection lives on");
  t.match(gateway.log.filter((line) => line['msg'] === 'request completed')[0], { cncRequestId: '5f3c2b1a' });
});

t.test('no header is invented for an answer that has none', async (t) => {
  const { upstream, gateway } = await startForwarding(t);
  upstream.answerWith(httpAnswer('200 OK', { date: 'x' }, 'plain'));
  const { headers } = await send(gateway.url, { target: '/a' });
  t.notOk('content-type' in headers);
  t.notOk('x-cnc-request-id' in headers);
});

t.test('bytes beyond ASCII in a header come back as the bytes they were', async (t) => {
  const { upstream, gateway } = await startForwarding(t);
  const latin1 = Buffer.from('attachment; filename="报告-é.csv"').toString('latin1');
  upstream.answerWith(httpAnswer('200 OK', { 'content-disposition': latin1, 'x-name': latin1, 'x-raw': '\xff' }, ''));
  const { text } = await sendRaw(gateway.url, 'GET /a HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
  t.match(text, /^HTTP\/1\.1 200 /);
  t.ok(text.includes(`content-disposition: ${latin1}\r\n`));
  t.ok(text.includes(`x-name: ${latin1}\r\n`));
  t.ok(text.includes('x-raw: \xff\r\n'));
});
