// What the vendor says reaches the caller as the vendor said it.
import t from 'tap';
import { send } from '../sandbox/client-answer.ts';
import { startForwarding } from '../support/forwarding.ts';
import { httpAnswer } from '../support/raw-upstream.ts';

const STATUSES = [
  '200 OK',
  '201 Created',
  '202 Accepted',
  '206 Partial Content',
  '400 Bad Request',
  '401 Unauthorized',
  '403 Forbidden',
  '404 Not Found',
  '409 Conflict',
  '429 Too Many Requests',
  '446 Too Frequent',
  '462 Signature',
  '500 Oops',
  '502 Bad Gateway',
  '503 Service Unavailable',
  '504 Gateway Timeout',
  '599 x',
];

t.test("every status of the vendor's passes with its body, and nothing says that the gateway spoke", async (t) => {
  const { upstream, gateway } = await startForwarding(t);
  for (const [index, line] of STATUSES.entries()) {
    const body = `<vendor says="${line}"/>`;
    upstream.answerWith(httpAnswer(line, { 'content-type': 'text/xml', 'x-cnc-request-id': `id-${index}` }, body));
    // An interface of its own each, because 446 and 429 close theirs.
    const answer = await send(gateway.url, { target: `/status/${line.replace(/\W/g, '-')}` });
    t.equal(answer.status, Number(line.split(' ')[0]), line);
    t.equal(answer.bytes.toString(), body);
    t.equal(answer.headers['content-type'], 'text/xml');
    t.equal(answer.headers['x-cnc-request-id'], `id-${index}`);
    t.notOk('x-gateway-error' in answer.headers);
  }
  t.equal(upstream.requests.length, STATUSES.length);
});

t.test('a status that HTTP does not have is a broken answer, told once', async (t) => {
  for (const line of ['099 x', '600 x', '999 x']) {
    const { upstream, gateway } = await startForwarding(t);
    upstream.answerWith(httpAnswer(line, { 'x-cnc-request-id': 'abc' }, 'x'));
    const answer = await send(gateway.url, { target: '/a' });
    t.match(answer, { status: 502, headers: { 'x-gateway-error': 'upstream-reset' } });
    upstream.answerWith(httpAnswer('200 OK', {}, 'fine'));
    t.equal((await send(gateway.url, { target: '/a' })).bytes.toString(), 'fine');
    t.equal(upstream.requests.length, 2);
    await upstream.until(() => upstream.openConnections() === 1);
  }
});

t.test("a Location at the account's origin leads back through the gateway, any other stays", async (t) => {
  const { upstream, gateway } = await startForwarding(t);
  const { host } = new URL(upstream.origin);
  for (const [location, expected] of [
    [`http://${host}/api/domain/123?x=1#y`, '/api/domain/123?x=1#y'],
    [`https://${host}/api/domain/123`, '/api/domain/123'],
    [`HTTP://${host}/a`, '/a'],
    [`http://${host}`, '/'],
    [`http://${host}?x=1`, '/?x=1'],
    [`http://${host}//evil.example/x`, '/evil.example/x'],
    [`http://${host}/\\evil.example/x`, '/evil.example/x'],
    ['/api/domain/123', '/api/domain/123'],
    ['../x', '../x'],
    ['http://evil.example/x', 'http://evil.example/x'],
    [`http://${host}.evil.example/x`, `http://${host}.evil.example/x`],
    [`http://${host}@evil.example/x`, `http://${host}@evil.example/x`],
    ['http://127.0.0.1:1/x', 'http://127.0.0.1:1/x'],
    [`ftp://${host}/x`, `ftp://${host}/x`],
  ] as const) {
    for (const line of ['201 Created', '202 Accepted', '302 Found']) {
      upstream.answerWith(httpAnswer(line, { location }, ''));
      t.equal((await send(gateway.url, { method: 'POST', target: '/a' })).headers['location'], expected, location);
    }
  }
});

t.test('a redirect is told and not followed', async (t) => {
  const { upstream, gateway } = await startForwarding(t);
  for (const line of ['301 Moved', '302 Found', '303 See Other', '307 Temporary', '308 Permanent']) {
    const count = upstream.requests.length;
    upstream.answerWith(httpAnswer(line, { location: `${upstream.origin}/b` }, 'gone'));
    const answer = await send(gateway.url, { target: '/a' });
    t.match(answer, { status: Number(line.split(' ')[0]), headers: { location: '/b' } });
    t.equal(answer.bytes.toString(), 'gone');
    t.equal(upstream.requests.length, count + 1);
  }
});
