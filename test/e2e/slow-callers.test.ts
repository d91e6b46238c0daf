// Callers that are slow, idle or gone quiet: none holds a place, a connection or the vendor for longer than it may.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import { send, sendRaw } from '../sandbox/client-answer.ts';
import { startForwarding } from '../support/forwarding.ts';
import { LIMITS, WIDE } from '../support/gateway.ts';
import { httpAnswer } from '../support/raw-upstream.ts';

const GET = 'GET /a HTTP/1.1\r\nHost: localhost\r\n\r\n';
const IDLE = { ...LIMITS, idleTimeoutMs: 300 };

t.jobs = 4; // They mostly wait, each for itself.

t.test('an idle connection ends after limits.idleTimeout', async (t) => {
  const { gateway } = await startForwarding(t, { limits: IDLE });
  const socket = connectTo(t, gateway.url).resume();
  socket.write(GET);
  await once(socket, 'data');
  const startedAt = performance.now();
  await once(socket, 'end');
  t.ok(performance.now() - startedAt > 250);
});

t.test('a caller that does not read its answer is cut off, and holds neither a place nor the vendor', async (t) => {
  const { upstream, gateway } = await startForwarding(t, { limits: IDLE });
  upstream.answerWith(httpAnswer('200 OK', {}, Buffer.alloc(64 * 1024 * 1024)));
  const socket = connectTo(t, gateway.url);
  socket.write(GET);
  await once(socket, 'readable');
  await upstream.until(() => upstream.connections() === 1 && upstream.openConnections() === 0);
  t.match(gateway.log.at(-1), { res: { statusCode: 200 }, left: true });
  t.ok(await gateway.drain(), 'nothing is under way any more');
});

t.test('a caller that reads slowly, or waits for the vendor or for quota, is not cut off', async (t) => {
  const quotas = { ...WIDE, interface: { quota: 1, windowMs: 1500 }, marginMs: 0 };
  const { upstream, gateway } = await startForwarding(t, { limits: IDLE, quotas });
  const patient = { prefer: 'wait=60' };
  upstream.answerWith((socket) => setTimeout(() => socket.write(httpAnswer('200 OK', {}, 'late')), 1000));
  t.match(await send(gateway.url, { target: '/a' }), { status: 200, bytes: Buffer.from('late') });
  const startedAt = performance.now();
  t.equal((await send(gateway.url, { target: '/a', headers: patient })).status, 200);
  t.ok(performance.now() - startedAt > 1000, 'it has waited');
});

/** Sends one byte after another for as long as somebody takes them. */
async function drip(t: Test, url: string, first: string): Promise<{ text: string; ms: number }> {
  const socket = connectTo(t, url);
  const startedAt = performance.now();
  let text = '';
  socket.setEncoding('latin1').on('data', (chunk) => {
    text += chunk;
  });
  socket.write(first);
  const drop = setInterval(() => socket.write('x'), 50);
  await once(socket, 'end');
  clearInterval(drop);
  return { text, ms: performance.now() - startedAt };
}

for (const [what, first] of [
  ['head', 'GET /a HTTP/1.1\r\nHost: localhost\r\nx: '],
  ['body', 'POST /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n'],
] as const) {
  t.test(`a ${what} that comes byte by byte ends with limits.requestTimeout, however steadily it comes`, async (t) => {
    const { upstream, gateway } = await startForwarding(t, { limits: { ...LIMITS, requestTimeoutMs: 500 } });
    const { text, ms } = await drip(t, gateway.url, first);
    t.match(text, /^HTTP\/1\.1 408 [\s\S]*^x-gateway-error: request-timeout\r$/m);
    t.ok(ms < 3000, `${ms} ms`);
    t.equal(upstream.connections(), 0);
  });
}

t.test('the body of a refused caller is not waited for: it has its answer, and the connection ends', async (t) => {
  const { upstream, gateway } = await startForwarding(t, { anonymous: false });
  const { text, ms } = await drip(
    t,
    gateway.url,
    'POST /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n',
  );
  t.match(text, /^HTTP\/1\.1 401 [\s\S]*^connection: close\r$/m);
  t.ok(ms < 3000, `${ms} ms`);
  t.equal(upstream.connections(), 0);
});

t.test('a refused caller that goes on sending reads its answer, and no reset overtakes it', async (t) => {
  const { gateway } = await startForwarding(t, { anonymous: false });
  for (let n = 0; n < 20; n++) {
    const body = Buffer.alloc(1024 * 1024).toString('latin1');
    const { text } = await sendRaw(
      gateway.url,
      `POST /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9999999\r\n\r\n${body}`,
      '}',
    );
    t.match(text, /^HTTP\/1\.1 401 /);
  }
});

function connectTo(t: Test, url: string): Socket {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
  t.teardown(() => socket.destroy());
  return socket.on('error', () => {});
}
