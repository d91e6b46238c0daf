// Callers that leave: their unit stays spent, and nothing of theirs stays behind.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import t from 'tap';
import { send } from '../sandbox/client-answer.ts';
import { startForwarding } from '../support/forwarding.ts';
import { LIMITS, WIDE } from '../support/gateway.ts';
import { httpAnswer } from '../support/raw-upstream.ts';

const ROUNDS = 10;
const AT_ONCE = 20;
/** More than all buffers on the way hold, so that the vendor's connection is busy for as long as nobody reads. */
const LARGE = httpAnswer('200 OK', { 'x-cnc-request-id': 'large' }, Buffer.alloc(32 * 1024 * 1024));
const REQUESTS = {
  GET: 'GET /a HTTP/1.1\r\nHost: localhost\r\n\r\n',
  POST: 'POST /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}',
};

for (const [method, request] of Object.entries(REQUESTS)) {
  t.test(`200 callers that leave a ${method} while they wait leak no connection`, async (t) => {
    const { upstream, gateway } = await startForwarding(t);
    for (let round = 0; round < ROUNDS; round++) {
      const waiting: Socket[] = [];
      upstream.answerWith((socket) => void waiting.push(socket));
      const callers = await callersOf(gateway.url, request);
      await upstream.until(() => waiting.length === AT_ONCE);
      for (const caller of callers) caller.destroy();
      await turnOf(gateway.url);
      for (const socket of waiting) socket.write(LARGE);
      await upstream.until(() => waiting.every((socket) => socket.destroyed));
    }
    upstream.answerWith(httpAnswer('200 OK', {}, 'next'));
    t.equal((await send(gateway.url, { target: '/a' })).bytes.toString(), 'next');
    t.equal(upstream.requests.length, ROUNDS * AT_ONCE + 1, 'each arrived once');
    t.ok(upstream.openConnections() <= AT_ONCE, 'no more connections than there were requests at once');
    t.ok(await gateway.drain(), 'nothing is under way any more');
    await upstream.until(() => upstream.openConnections() === 0);
    const left = gateway.log.filter((line) => line['left'] === true);
    t.equal(left.length, ROUNDS * AT_ONCE);
    t.match(left[0], { res: { statusCode: 499 }, outcome: 'sent', cncRequestId: 'large', upstreamStatus: 200 });
  });

  t.test(`200 callers that leave a ${method} in mid-download leak no connection`, async (t) => {
    const { upstream, gateway } = await startForwarding(t);
    for (let round = 0; round < ROUNDS; round++) {
      const sending: Socket[] = [];
      upstream.answerWith((socket) => {
        sending.push(socket);
        socket.write(LARGE);
      });
      const callers = await callersOf(gateway.url, request);
      // Without reading, so that none has all of it before the last one has some.
      await Promise.all(callers.map((caller) => once(caller, 'readable')));
      for (const caller of callers) caller.destroy();
      await upstream.until(() => sending.every((socket) => socket.destroyed));
    }
    upstream.answerWith(httpAnswer('200 OK', {}, 'next'));
    t.equal((await send(gateway.url, { target: '/a' })).bytes.toString(), 'next');
    t.ok(upstream.openConnections() <= AT_ONCE, 'no more connections than there were requests at once');
    t.ok(await gateway.drain(), 'nothing is under way any more');
    await upstream.until(() => upstream.openConnections() === 0);
    const left = gateway.log.filter((line) => line['left'] === true);
    t.equal(left.length, ROUNDS * AT_ONCE);
    t.match(left[0], { res: { statusCode: 200 }, outcome: 'sent', cncRequestId: 'large' });
  });
}

for (const method of ['GET', 'POST'] as const) {
  t.test(`a caller that leaves with pipelined ${method}s is forgotten with all of them`, async (t) => {
    const { upstream, gateway } = await startForwarding(t);
    const waiting: Socket[] = [];
    upstream.answerWith((socket) => void waiting.push(socket));
    const [before, after] = await callersOf(gateway.url, REQUESTS[method].repeat(3), 2);
    await upstream.until(() => waiting.length === 6);
    // One leaves before the answers come and one when they have begun: of its three only the first has its turn.
    before?.destroy();
    await turnOf(gateway.url);
    for (const socket of waiting) socket.write(LARGE);
    if (after !== undefined) await once(after, 'readable');
    after?.destroy();
    await upstream.until(() => waiting.every((socket) => socket.destroyed));
    t.ok(await gateway.drain(), 'nothing is under way any more');
    t.equal(gateway.log.filter((line) => line['left'] === true).length, 6);
  });
}

t.test('a caller that reads on after a pause gets all of a large body', async (t) => {
  const { upstream, gateway } = await startForwarding(t);
  upstream.answerWith(LARGE);
  const [caller] = await callersOf(gateway.url, 'GET /a HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n', 1);
  if (caller === undefined) return void t.fail('no caller');
  await once(caller, 'data');
  caller.pause();
  for (let n = 0; n < 20; n++) await turnOf(gateway.url);
  let received = 0;
  caller.on('data', (chunk: Buffer) => {
    received += chunk.length;
  });
  caller.resume();
  await once(caller, 'end');
  t.ok(received > 31 * 1024 * 1024, `${received}`);
});

t.test('the unit of a caller that left stays spent', async (t) => {
  const { upstream, gateway } = await startForwarding(t, {
    quotas: { ...WIDE, interface: { quota: 2, windowMs: 300_000 } },
  });
  for (const answer of [httpAnswer('200 OK', {}, '{}'), (socket: Socket) => void socket.resetAndDestroy()]) {
    let release = () => {};
    upstream.answerWith((socket, request) => {
      release = () => (typeof answer === 'function' ? answer(socket) : void socket.write(answer));
      t.equal(request.target, '/a');
    });
    const count = upstream.requests.length;
    const [caller] = await callersOf(gateway.url, REQUESTS.GET, 1);
    await upstream.until(() => upstream.requests.length > count);
    caller?.destroy();
    await turnOf(gateway.url);
    release();
  }
  t.match(await send(gateway.url, { target: '/a' }), { status: 429, headers: { 'x-gateway-error': 'quota-exceeded' } });
  t.equal(upstream.requests.length, 2);
});

t.test('a caller that leaves a vendor who never answers is told of once the timeout is over', async (t) => {
  const { upstream, gateway } = await startForwarding(t, { limits: { ...LIMITS, upstreamTimeoutMs: 200 } });
  upstream.answerWith(() => {});
  const [caller] = await callersOf(gateway.url, REQUESTS.GET, 1);
  await upstream.until(() => upstream.requests.length === 1);
  caller?.destroy();
  t.ok(await gateway.drain());
  await upstream.until(() => upstream.openConnections() === 0);
  t.match(
    gateway.log.filter((line) => line['left'] === true),
    [{ res: { statusCode: 499 }, outcome: 'unknown', decision: 'admitted' }],
  );
});

t.test('a caller that leaves in mid-upload sends nothing and spends nothing', async (t) => {
  const { upstream, gateway } = await startForwarding(t, {
    quotas: { ...WIDE, interface: { quota: 1, windowMs: 300_000 } },
  });
  for (let n = 0; n < 20; n++) {
    const [caller] = await callersOf(
      gateway.url,
      'PUT /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nhalf',
      1,
    );
    await turnOf(gateway.url);
    caller?.destroy();
  }
  await turnOf(gateway.url);
  t.equal(upstream.bytesReceived(), 0);
  t.equal((await send(gateway.url, { method: 'PUT', target: '/a', body: 'whole' })).status, 200);
  t.ok(await gateway.drain());
  t.equal(gateway.log.filter((line) => line['left'] === true).length, 20);
});

/** Callers that have written their request. */
async function callersOf(url: string, request: string, count = AT_ONCE): Promise<Socket[]> {
  const { hostname, port } = new URL(url);
  const callers = Array.from({ length: count }, () => connect(Number(port), hostname));
  await Promise.all(callers.map((caller) => once(caller, 'connect')));
  for (const caller of callers) caller.write(request);
  return callers;
}

/** By the time that this is answered the gateway has seen whatever came before. */
async function turnOf(url: string): Promise<void> {
  await send(url, { target: '/%zz' });
}
