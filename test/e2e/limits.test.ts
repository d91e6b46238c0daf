// What the gateway bears, and what a caller is told who asks for more.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import { send, sendRaw } from '../sandbox/client-answer.ts';
import { startForwarding } from '../support/forwarding.ts';
import { accountsAt, LIMITS, startTestGateway, WIDE } from '../support/gateway.ts';
import { httpAnswer } from '../support/raw-upstream.ts';

const GET = 'GET /a HTTP/1.1\r\nHost: localhost\r\n\r\n';

function connectTo(t: Test, url: string): Socket {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
  t.teardown(() => socket.destroy());
  return socket.on('error', () => {});
}

const metric = async (admin: string, line: RegExp) =>
  Number(line.exec(String((await send(admin, { target: '/metrics' })).bytes))?.[1] ?? 0);

t.test('a head above limits.headers is a 431 problem, told once, and nothing is sent', async (t) => {
  const { upstream, gateway } = await startForwarding(t);
  const head = (length: number) => `GET /a HTTP/1.1\r\nHost: localhost\r\nx: ${'y'.repeat(length)}\r\n\r\n`;
  const { text, end } = await sendRaw(gateway.url, head(LIMITS.headersBytes));
  t.match(text, /^HTTP\/1\.1 431 [\s\S]*^x-gateway-error: headers-too-large\r$[\s\S]*limit of 16384 bytes/m);
  t.equal(end, 'FIN');
  t.equal(upstream.connections(), 0);
  const told = gateway.log.filter(({ msg }) => msg === 'request completed');
  t.match(told, [{ res: { statusCode: 431 }, reason: 'headers-too-large' }]);
  t.match((await sendRaw(gateway.url, head(LIMITS.headersBytes - 100), '}')).text, /^HTTP\/1\.1 200 /);
});

t.test('a target above limits.url is a 414 problem; one of that length is sent', async (t) => {
  const { upstream, gateway } = await startForwarding(t, { limits: { ...LIMITS, urlBytes: 100 } });
  const refused = await send(gateway.url, { target: `/a?${'x'.repeat(98)}` });
  t.match(refused, { status: 414, headers: { 'x-gateway-error': 'target-too-long' } });
  t.equal(upstream.connections(), 0);
  t.equal((await send(gateway.url, { target: `/a?${'x'.repeat(97)}` })).status, 200);
});

t.test('no header is lost among many: Node alone would drop what comes after the 2000th', async (t) => {
  const { gateway } = await startForwarding(t, { limits: { ...LIMITS, headersBytes: 65_536 } });
  const { text } = await sendRaw(
    gateway.url,
    `GET /a HTTP/1.1\r\nHost: localhost\r\n${'x: y\r\n'.repeat(3000)}x-gateway-account: nobody\r\n\r\n`,
    '}',
  );
  t.match(text, /^HTTP\/1\.1 403 /);
});

for (const [what, overrides, name] of [
  ['the gateway', () => ({ limits: { ...LIMITS, inFlight: 2 } }), 'the gateway'],
  ['a listener', () => ({ listen: [{ host: '127.0.0.1', port: 0, inFlight: 2 }] }), 'listen\\[0\\]'],
  ['an account', (origin: string) => ({ accounts: bounded(origin, 2) }), 'account main'],
] as const) {
  t.test(
    `${what} bears as many requests as it may, and the next is overloaded until one of them is over`,
    async (t) => {
      const upstreamOf = await startForwarding(t);
      const { upstream } = upstreamOf;
      const { gateway } = await startBeside(t, upstream.origin, overrides(upstream.origin));
      const waiting: Socket[] = [];
      upstream.answerWith((socket) => void waiting.push(socket));
      const underWay = [1, 2].map((n) => send(gateway.url, { target: `/slow?${n}` }));
      await upstream.until(() => waiting.length === 2);
      const refused = await send(gateway.url, { target: '/third' });
      t.match(refused, { status: 503, headers: { 'x-gateway-error': 'overloaded', 'retry-after': '1' } });
      t.match(JSON.parse(refused.bytes.toString()).message, new RegExp(`^${name}: 2 requests are already under way`));
      upstream.answerWith(httpAnswer('200 OK', {}, '{}'));
      for (const socket of waiting) socket.write(httpAnswer('200 OK', {}, 'late'));
      for (const answer of await Promise.all(underWay)) t.equal(answer.status, 200);
      t.equal((await send(gateway.url, { target: '/fourth' })).status, 200);
    },
  );
}

t.test('another account goes on while one has as many requests as it may', async (t) => {
  const { upstream } = await startForwarding(t);
  const consumer = { account: 'reports', allow: ['*'] };
  const accounts = bounded(upstream.origin, 1);
  const { gateway } = await startBeside(t, upstream.origin, { accounts, anonymous: consumer });
  t.equal((await send(gateway.url, { target: '/a' })).status, 200);
});

t.test('a request that waits for its quota leaves its place to others', async (t) => {
  const quotas = { ...WIDE, interface: { quota: 1, windowMs: 1000 }, marginMs: 0 };
  const { upstream } = await startForwarding(t);
  const { gateway } = await startBeside(t, upstream.origin, { accounts: bounded(upstream.origin, 1, quotas) });
  t.equal((await send(gateway.url, { target: '/a' })).status, 200);
  const patient = send(gateway.url, { target: '/a?2', headers: { prefer: 'wait=60' } });
  while ((await metric(gateway.admin, /^cdnetworks_gateway_waiting (\d+)$/m)) === 0);
  t.equal((await send(gateway.url, { target: '/b' })).status, 200);
  t.equal((await patient).status, 200);
  t.equal((await send(gateway.url, { target: '/c' })).status, 200, 'its place is free again');
});

t.test('a connection beyond limits.connections ends at once, is counted, and the others go on', async (t) => {
  const { gateway } = await startForwarding(t, { limits: { ...LIMITS, connections: 2 } });
  const kept = [connectTo(t, gateway.url), connectTo(t, gateway.url)];
  for (const socket of kept) {
    socket.write(GET);
    await once(socket, 'data');
  }
  t.not((await sendRaw(gateway.url, GET)).end, 'open');
  for (const socket of kept) {
    socket.write(GET);
    t.match(String(await once(socket, 'data')), /^HTTP\/1\.1 200 /);
  }
  const dropped = /^cdnetworks_gateway_connection_faults_total\{fault="too-many"\} (\d+)$/m;
  t.equal(await metric(gateway.admin, dropped), 1);
  t.match(
    gateway.log.filter(({ msg }) => msg === 'connection refused'),
    [{ fault: 'too-many', count: 1 }],
  );
});

t.test('a gateway whose event loop is slow refuses early, and serves again once it is not', async (t) => {
  const { upstream, gateway } = await startForwarding(t, { limits: { ...LIMITS, eventLoopDelayMs: 50 } });
  const stop = keepBusy();
  let answer = await send(gateway.url, { target: '/a' });
  while (answer.status === 200) answer = await send(gateway.url, { target: '/a' });
  t.match(answer, { status: 503, headers: { 'x-gateway-error': 'overloaded', 'retry-after': '1' } });
  t.match(JSON.parse(answer.bytes.toString()), { message: 'the gateway is too busy; nothing was sent' });
  const sent = upstream.requests.length;
  const upload = await sendRaw(gateway.url, 'POST /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n', '}');
  t.match(upload.text, /^HTTP\/1\.1 503 /, 'before the body is read');
  t.equal(upstream.requests.length, sent);
  stop();
  while (answer.status === 503) answer = await send(gateway.url, { target: '/a' });
  t.equal(answer.status, 200);
});

t.test('a busy gateway that stops says that it stops', async (t) => {
  const { upstream, gateway } = await startForwarding(t, { limits: { ...LIMITS, eventLoopDelayMs: 50 } });
  const waiting: Socket[] = [];
  upstream.answerWith((socket) => void waiting.push(socket));
  const underWay = send(gateway.url, { target: '/slow' });
  await upstream.until(() => waiting.length === 1);
  const stop = keepBusy();
  while ((await send(gateway.url, { target: '/%zz' })).status !== 503);
  const drained = gateway.drain();
  t.match(await send(gateway.url, { target: '/a' }), { status: 503, headers: { 'x-gateway-error': 'shutting-down' } });
  stop();
  for (const socket of waiting) socket.write(httpAnswer('200 OK', {}, 'late'));
  t.equal((await underWay).status, 200);
  t.ok(await drained);
});

/** Takes turns of 200 ms until it is told to stop. */
function keepBusy(): () => void {
  let busy = true;
  const block = () => {
    const until = performance.now() + 200;
    while (performance.now() < until);
    if (busy) setTimeout(block, 1);
  };
  block();
  return () => {
    busy = false;
  };
}

function bounded(origin: string, inFlight: number, quotas = WIDE) {
  const accounts = accountsAt(origin, quotas);
  const main = accounts.get('main');
  if (main !== undefined) accounts.set('main', { ...main, inFlight });
  return accounts;
}

/** A gateway of its own settings in front of an upstream that is there. */
async function startBeside(t: Test, origin: string, overrides: Parameters<typeof startTestGateway>[1]) {
  const gateway = await startTestGateway(origin, overrides);
  t.teardown(() => gateway.drain());
  return { gateway };
}
