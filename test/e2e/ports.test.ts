// Which port answers what: consumers' ports forward, the operator's never does.

import { hash } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { connect, createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import t from 'tap';
import { send, sendRaw } from '../sandbox/client-answer.ts';
import { startForwarding } from '../support/forwarding.ts';
import { LIMITS, startTestGateway } from '../support/gateway.ts';

t.test('localhost is every address of that name, and each answers malformed requests alike', async (t) => {
  const { upstream, gateway } = await startForwarding(t, {
    listen: [{ host: 'localhost', port: 0 }],
    admin: { host: 'localhost', port: 0 },
  });
  const names = await lookup('localhost', { all: true });
  t.ok(gateway.listeners.length >= 1 && gateway.listeners.length <= names.length);
  t.equal(new Set(gateway.listeners.map((url) => new URL(url).port)).size, 1, 'one port on all of them');
  for (const url of gateway.listeners) {
    t.match(url, /^http:\/\/(127\.0\.0\.\d|\[::1\]):\d+$/);
    t.equal((await fetch(`${url}/a`)).status, 200);
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname.replaceAll(/[[\]]/g, ''), () => socket.write('GARBAGE\r\n\r\n'));
    t.match(await text(socket), /^HTTP\/1\.1 400 [\s\S]*x-gateway-error: request-invalid/);
  }
  t.equal(upstream.requests.length, gateway.listeners.length);
});

t.test('a start that fails at its second listener leaves none open', async (t) => {
  const taken = createServer();
  const port = await new Promise<number>((resolve) => {
    taken.listen(0, '127.0.0.1', () => {
      const address = taken.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
  t.teardown(() => taken.close());
  const free = await startTestGateway('http://127.0.0.1:9');
  await free.drain();
  const first = { host: '127.0.0.1', port: Number(new URL(free.url).port) };
  const listen = [first, { host: '127.0.0.1', port }];
  await t.rejects(startTestGateway('http://127.0.0.1:9', { listen }), { code: 'EADDRINUSE' });
  await t.rejects(send(`http://127.0.0.1:${first.port}`, { target: '/a' }), { code: 'ECONNREFUSED' });
});

t.test('a web site whose name is made to resolve to this machine reads nothing of the operator', async (t) => {
  const { gateway } = await startForwarding(t);
  for (const target of ['/', '/requests', '/metrics', '/status', '/nothing']) {
    const { status, bytes } = await send(gateway.admin, { target, headers: { host: 'evil.example' } });
    t.equal(status, 403, target);
    t.notMatch(bytes.toString(), /anonymous|main|cdnetworks_gateway_/);
  }
  const { status } = await send(gateway.admin, { target: '/livez', headers: { host: 'localhost:9090' } });
  t.equal(status, 200);
});

t.test(
  "what a gateway forwards is refused by an operators' port, should an account have it as its origin",
  async (t) => {
    const { gateway } = await startForwarding(t);
    const headers = { via: '1.1 elsewhere, 1.1 cdnetworks-gateway' };
    for (const target of ['/metrics', '/livez']) t.equal((await send(gateway.admin, { target, headers })).status, 403);
  },
);

const ADMIN_PATHS = ['/metrics', '/livez', '/readyz', '/quota?account=main', '/status', '/requests', '/'];

t.test(
  "the operator's paths are a vendor's like any other on a consumer's port: who may not call them is refused",
  async (t) => {
    const token = 'a-token-of-the-reader-0123456789012345';
    const reader = { name: 'reader', tokenSha256: hash('sha256', token), accounts: ['main'], allow: ['GET /api/**'] };
    const { upstream, gateway } = await startForwarding(t, { anonymous: false, consumers: [reader] });
    for (const target of ADMIN_PATHS) {
      t.match(await send(gateway.url, { target }), { status: 401, headers: { 'x-gateway-error': 'consumer-unknown' } });
      const headers = { authorization: `Bearer ${token}` };
      const forbidden = await send(gateway.url, { target, headers });
      t.match(forbidden, { status: 403, headers: { 'x-gateway-error': 'consumer-forbidden' } });
      t.notMatch(forbidden.bytes.toString(), /cdnetworks_gateway_|"status":"ok"/);
    }
    t.equal(upstream.bytesReceived(), 0);
  },
);

t.test(
  "the operator's port has its own paths, refuses all else without reading it, and forwards nothing",
  async (t) => {
    const { upstream, gateway } = await startForwarding(t);
    const { host } = new URL(gateway.url);
    for (const line of [
      'GET /api/domain',
      'POST /metrics',
      'DELETE /livez',
      'GET /metrics/',
      'GET //metrics',
      'GET /a/../metrics',
      `GET http://${host}/api/domain`,
      'OPTIONS *',
      'GET /status/',
      'POST /status',
      'DELETE /requests',
      'POST /',
      'GET /status.html',
    ]) {
      const { text: answer } = await sendRaw(gateway.admin, `${line} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
      t.match(answer, /^HTTP\/1\.1 404 /, line);
    }
    // Neither its length nor its type matters: nobody reads it.
    const upload = `PUT /api/domain HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 99999999999\r\n\r\n{`;
    t.match((await sendRaw(gateway.admin, upload)).text, /^HTTP\/1\.1 404 /);
    t.equal(upstream.connections(), 0);
    t.equal(gateway.log.filter(({ msg }) => msg === 'request completed').length, 0);
  },
);

t.test("the operator's port bears as little as a consumer's: sizes, times and garbage", async (t) => {
  const { gateway } = await startForwarding(t, { limits: { ...LIMITS, requestTimeoutMs: 300, idleTimeoutMs: 2000 } });
  t.match((await sendRaw(gateway.admin, 'GARBAGE\r\n\r\n')).text, /^HTTP\/1\.1 400 /);
  const large = `GET /livez HTTP/1.1\r\nHost: localhost\r\nx: ${'y'.repeat(LIMITS.headersBytes)}\r\n\r\n`;
  t.match((await sendRaw(gateway.admin, large)).text, /^HTTP\/1\.1 431 /);
  const startedAt = performance.now();
  t.match((await sendRaw(gateway.admin, 'GET /livez HTTP/1.1\r\nHo')).text, /^HTTP\/1\.1 408 /);
  await sendRaw(gateway.admin, 'GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n');
  t.ok(performance.now() - startedAt < 7000, 'neither a slow nor an idle connection stays');
  t.equal((await send(gateway.admin, { target: '/livez' })).status, 200);
});
