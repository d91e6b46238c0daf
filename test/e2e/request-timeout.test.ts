// A request has a bounded time to arrive: a stalled upload holds neither a place nor a connection for good.
import { once } from 'node:events';
import { connect } from 'node:net';
import t, { type Test } from 'tap';
import { send } from '../sandbox/client-answer.ts';
import { startForwarding } from '../support/forwarding.ts';
import { LIMITS } from '../support/gateway.ts';
import { httpAnswer } from '../support/raw-upstream.ts';

const HURRIED = { limits: { ...LIMITS, requestTimeoutMs: 300, inFlight: 2 } };
const STALLED = 'POST /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nhalf';

/** What a caller that has sent this and then nothing receives until its connection ends. */
async function stall(t: Test, url: string, bytes: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname, () => socket.write(bytes)).setEncoding('latin1');
  t.teardown(() => socket.destroy());
  let received = '';
  socket.on('data', (text: string) => {
    received += text;
  });
  await once(socket, 'close');
  return received;
}

for (const [what, bytes, method] of [
  ['a body that stalls', STALLED, 'POST'],
  [
    'a chunked body that stalls',
    'PUT /a HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n',
    'PUT',
  ],
  ['a head that stalls', 'GET /a HTTP/1.1\r\nHost: localhost\r\nAcc', 'none'],
] as const) {
  t.test(`${what} is a 408 problem, told once, and nothing is sent`, async (t) => {
    const { upstream, gateway } = await startForwarding(t, HURRIED);
    const startedAt = performance.now();
    const [head = '', body = ''] = (await stall(t, gateway.url, bytes)).split('\r\n\r\n');
    t.ok(performance.now() - startedAt < 2500, 'within the second in which Node looks, and some');
    t.match(head, /^HTTP\/1\.1 408 Request Timeout\r\n/);
    t.match(head, /^content-type: application\/problem\+json$/im);
    t.match(head, /^x-gateway-error: request-timeout$/im);
    t.match(head, /^connection: close$/im);
    const problem = JSON.parse(body);
    t.match(problem, { status: 408, code: 'request-timeout', message: /did not arrive in time; nothing was sent/ });
    const told = gateway.log.filter(({ msg }) => msg === 'request completed');
    t.match(told, [{ req: { method }, res: { statusCode: 408 }, reason: 'request-timeout', left: undefined }]);
    t.equal(told.length, 1);
    t.equal(told[0]?.['reqId'], problem.request_id);
    const { bytes: metrics } = await send(gateway.admin, { target: '/metrics' });
    t.match(String(metrics), /requests_total\{[^}]*status="408",reason="request-timeout"\} 1\n/);
    t.equal(upstream.connections(), 0);
  });
}

t.jobs = 4; // They mostly wait, each for itself.

t.test('stalled uploads give their places back', async (t) => {
  const { gateway } = await startForwarding(t, HURRIED);
  const stalled = [STALLED, STALLED].map((bytes) => stall(t, gateway.url, bytes));
  let overloaded = 0;
  while (overloaded === 0) overloaded = (await send(gateway.url, { target: '/a' })).status === 503 ? 1 : 0;
  await Promise.all(stalled);
  t.equal((await send(gateway.url, { target: '/a' })).status, 200);
  t.ok(await gateway.drain(), 'nothing is under way any more');
});

t.test('the rest of a body that was refused by its head may stall, and is not refused a second time', async (t) => {
  const { gateway } = await startForwarding(t, HURRIED);
  const received = await stall(t, gateway.url, STALLED.replace('/a', '/%zz'));
  t.strictSame(received.match(/HTTP\/1\.1 \d+/g), ['HTTP/1.1 400']);
  t.equal(gateway.log.filter(({ msg }) => msg === 'request completed').length, 1);
});

t.test('a connection on which nothing was ever sent ends without a word', async (t) => {
  const { gateway } = await startForwarding(t, HURRIED);
  t.equal(await stall(t, gateway.url, ''), '');
  t.equal(gateway.log.filter(({ msg }) => msg === 'request completed').length, 0);
});

for (const [what, bytes, reqMethod] of [
  ['a body', STALLED, 'POST'],
  ['a head', 'GET /a HTTP/1.1\r\nHo', 'none'],
] as const) {
  t.test(`a caller that hangs up in the middle of ${what} is told of as one that left`, async (t) => {
    const { gateway } = await startForwarding(t);
    const { hostname, port } = new URL(gateway.url);
    const socket = connect(Number(port), hostname, () => socket.end(bytes)).resume();
    await once(socket, 'close');
    t.ok(await gateway.drain());
    const told = gateway.log.filter(({ msg }) => msg === 'request completed');
    t.match(told, [{ req: { method: reqMethod }, res: { statusCode: 499 }, reason: 'caller-left', left: true }]);
    t.equal(told.length, 1);
  });
}

t.test('a request that has arrived may take longer than that to be answered', async (t) => {
  const { upstream, gateway } = await startForwarding(t, HURRIED);
  // Beyond two looks of Node at what takes too long.
  upstream.answerWith((socket) => setTimeout(() => socket.write(httpAnswer('200 OK', {}, 'late')), 2500));
  const answer = await send(gateway.url, { method: 'POST', target: '/a', body: '{}' });
  t.match(answer, { status: 200, bytes: Buffer.from('late') });
});
