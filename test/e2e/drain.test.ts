// Stopping: what is under way finishes, nothing new begins.
import { once } from 'node:events';
import { Agent } from 'node:http';
import { connect, type Socket } from 'node:net';
import t from 'tap';
import { send } from '../sandbox/client-answer.ts';
import { startForwarding } from '../support/forwarding.ts';
import { LIMITS } from '../support/gateway.ts';
import { httpAnswer } from '../support/raw-upstream.ts';

t.jobs = 4; // They mostly wait, each for itself.

t.test('while it drains a gateway finishes what is under way, refuses what is new and is not ready', async (t) => {
  const { upstream, gateway } = await startForwarding(t);
  const agent = new Agent({ keepAlive: true });
  t.teardown(() => agent.destroy());
  await send(gateway.url, { target: '/before', agent });
  t.equal((await fetch(`${gateway.admin}/readyz`)).status, 200);

  const waiting: Socket[] = [];
  upstream.answerWith((socket) => void waiting.push(socket));
  const underWay = send(gateway.url, { method: 'POST', target: '/slow', body: '{}' });
  await upstream.until(() => waiting.length === 1);
  const drained = gateway.drain();

  for (const kept of [agent, new Agent()]) {
    const refused = await send(gateway.url, { target: '/new', agent: kept });
    t.match(refused, { status: 503, headers: { 'x-gateway-error': 'shutting-down', 'retry-after': '1' } });
    t.match(JSON.parse(refused.bytes.toString()), { code: 'shutting-down', message: /nothing was sent/ });
  }
  const ready = await fetch(`${gateway.admin}/readyz`);
  t.equal(ready.status, 503);
  t.match(await ready.json(), { status: 'draining' });
  t.equal((await fetch(`${gateway.admin}/livez`)).status, 200);
  t.equal(gateway.drain(), drained, 'to ask twice is to ask once');

  for (const socket of waiting) socket.write(httpAnswer('200 OK', {}, 'late'));
  t.match(await underWay, { status: 200, bytes: Buffer.from('late') });
  t.equal(await drained, true);
  await upstream.until(() => upstream.openConnections() === 0);
  t.equal(upstream.requests.length, 2);
  await t.rejects(send(gateway.url, { target: '/after' }), { code: 'ECONNREFUSED' });
  await t.rejects(send(gateway.admin, { target: '/livez' }), { code: 'ECONNREFUSED' });
  t.match(gateway.log.at(-1), { msg: 'gateway stopped', finished: true });
});

t.test('an answer that has begun is sent to its end', async (t) => {
  const { upstream, gateway } = await startForwarding(t);
  const waiting: Socket[] = [];
  upstream.answerWith((socket) => {
    socket.write('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf-');
    waiting.push(socket);
  });
  const underWay = send(gateway.url, { target: '/slow' });
  await upstream.until(() => waiting.length === 1);
  const drained = gateway.drain();
  for (const socket of waiting) socket.write('whole');
  t.equal((await underWay).bytes.toString(), 'half-whole');
  t.equal(await drained, true);
});

t.test('what outlasts limits.drain is broken off, answered and logged', async (t) => {
  const { upstream, gateway } = await startForwarding(t, { limits: { ...LIMITS, drainMs: 100 } });
  upstream.answerWith(() => {});
  const underWay = send(gateway.url, { target: '/slow' });
  await upstream.until(() => upstream.requests.length === 1);
  t.equal(await gateway.drain(), false);
  const answer = await underWay;
  t.match(answer, { status: 502, headers: { 'x-gateway-error': 'upstream-reset' } });
  t.match(JSON.parse(answer.bytes.toString()), { message: /may have been carried out/ });
  await upstream.until(() => upstream.openConnections() === 0);
  t.match(gateway.log.slice(-2), [
    { msg: 'request completed', res: { statusCode: 502 }, outcome: 'unknown' },
    { msg: 'gateway stopped', finished: false },
  ]);
});

t.test('an upload that never ends is refused and told of, and does not keep a gateway from stopping', async (t) => {
  const { upstream, gateway } = await startForwarding(t, { limits: { ...LIMITS, drainMs: 100 } });
  const head = 'POST /a HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\nhalf';
  const { hostname, port } = new URL(gateway.url);
  const caller = connect(Number(port), hostname, () => caller.write(head)).setEncoding('latin1');
  await once(caller, 'data');
  let received = '';
  caller.on('data', (text: string) => {
    received += text;
  });
  const closed = once(caller, 'close');
  t.equal(await gateway.drain(), false);
  await closed;
  t.match(received, /^HTTP\/1\.1 503 /m);
  t.match(received, /^x-gateway-error: shutting-down\r$/m);
  t.match(received, /^connection: close\r$/m);
  t.match(received, /nothing was sent/);
  t.match(gateway.log.slice(-2), [
    { msg: 'request completed', res: { statusCode: 503 }, reason: 'shutting-down', left: undefined },
    { msg: 'gateway stopped', finished: false },
  ]);
  t.equal(upstream.connections(), 0);
});

t.test('answers that their caller never reads are told of before the gateway stops', async (t) => {
  const { upstream, gateway } = await startForwarding(t, { limits: { ...LIMITS, drainMs: 1000 } });
  // Small enough that the vendor is done with each, and more of them than the buffers on the way hold.
  upstream.answerWith(httpAnswer('200 OK', {}, Buffer.alloc(15_000)));
  const { hostname, port } = new URL(gateway.url);
  const caller = connect(Number(port), hostname, () =>
    caller.write('GET /a HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(1000)),
  );
  t.teardown(() => caller.destroy());
  await once(caller, 'readable');
  t.equal(await gateway.drain(), false);
  for (let turn = 0; turn < 10; turn++) await new Promise(setImmediate);
  t.match(gateway.log.at(-1), { msg: 'gateway stopped', finished: false });
  t.equal(gateway.log.filter(({ msg }) => msg === 'request completed').length >= upstream.requests.length, true);
});

t.test('an idle gateway stops at once, whoever keeps a connection open', async (t) => {
  const { gateway } = await startForwarding(t);
  const agent = new Agent({ keepAlive: true });
  t.teardown(() => agent.destroy());
  await send(gateway.url, { target: '/a', agent });
  const startedAt = performance.now();
  t.equal(await gateway.drain(), true);
  t.ok(performance.now() - startedAt < 10_000, 'not the 72 s that a connection may be idle');
});
