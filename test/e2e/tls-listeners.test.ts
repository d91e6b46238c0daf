// Callers over TLS: who may connect, with what, and what becomes of those who may not.
import { once } from 'node:events';
import { Agent, request } from 'node:https';
import { connect as connectPlain } from 'node:net';
import { text } from 'node:stream/consumers';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import t, { type Test } from 'tap';
import type { Tls } from '../../src/catalog/listener.ts';
import { Secret } from '../../src/catalog/secret.ts';
import { listenOnPort } from '../../src/http/addresses.ts';
import { createHttpServer } from '../../src/http/http-server.ts';
import { renew } from '../../src/http/tls.ts';
import { type Certificate, createAuthority } from '../support/certificates.ts';
import { startForwarding } from '../support/forwarding.ts';
import { LIMITS } from '../support/gateway.ts';

const authority = createAuthority(t.testdir({}));
const server = authority.issue({ name: 'gateway' });
const caller = authority.issue({ name: 'purge-bot' });

const tlsOf = ({ cert, key }: Certificate, clientCa?: string): Tls => ({
  cert,
  key: new Secret(key),
  ...(clientCa === undefined ? {} : { clientCa }),
});

function start(t: Test, tls: Tls = tlsOf(server)) {
  return startForwarding(t, { listen: [{ host: '127.0.0.1', port: 0, tls }] });
}

/** One GET on a connection of its own; the code of the error, if there is one. */
async function get(url: string, options: ConnectionOptions = {}): Promise<number | string> {
  const agent = new Agent({ ca: authority.cert, ...options });
  const sent = request(`${url}/a`, { agent }).end();
  try {
    const [answer] = await once(sent, 'response');
    await text(answer);
    return answer.statusCode;
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error);
  } finally {
    agent.destroy();
  }
}

const metric = async (admin: string, line: RegExp) =>
  Number(line.exec(await (await fetch(`${admin}/metrics`)).text())?.[1] ?? 0);
const HANDSHAKES = /^cdnetworks_gateway_connection_faults_total\{fault="handshake"\} (\d+)$/m;

t.test('a caller over TLS 1.2 or 1.3 is served; one that speaks less, or no TLS, is not', async (t) => {
  const { upstream, gateway } = await start(t);
  t.match(gateway.url, /^https:\/\/127\.0\.0\.1:\d+$/);
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    t.equal(await get(gateway.url, { minVersion: version, maxVersion: version }), 200, version);
  }
  const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
  t.match(await get(gateway.url, old), /EPROTO|ERR_SSL/);
  const { hostname, port } = new URL(gateway.url);
  const plain = connectPlain(Number(port), hostname, () => plain.write('GET /a HTTP/1.1\r\nHost: localhost\r\n\r\n'));
  plain.on('error', () => {}).resume();
  await once(plain, 'close');
  t.equal(upstream.requests.length, 2);
});

t.test('with clientCaFile nobody is served whom its authorities do not vouch for', async (t) => {
  const { upstream, gateway } = await start(t, tlsOf(server, authority.cert));
  const stranger = createAuthority(t.testdir({}), 'stranger').issue({ name: 'purge-bot' });
  const expired = authority.issue({ name: 'purge-bot', days: -1 });
  t.equal(await get(gateway.url, caller), 200);
  for (const [what, certificate] of [
    ['no certificate', {}],
    ['one of another authority', stranger],
    ['one that has expired', expired],
  ] as const) {
    t.match(await get(gateway.url, certificate), /^(ECONNRESET|ERR_SSL|EPIPE)/, what);
  }
  t.equal(upstream.requests.length, 1);
  t.equal(await metric(gateway.admin, HANDSHAKES), 3);
});

t.test('handshakes that fail are all counted and fill no log, and the next caller is served', async (t) => {
  const { gateway } = await start(t);
  const { hostname, port } = new URL(gateway.url);
  for (let n = 0; n < 50; n++) {
    const socket = connectPlain(Number(port), hostname, () =>
      socket.write(n % 2 === 0 ? '\x16\x03\x01\xff\xff' : 'GARBAGE\n'),
    );
    socket.on('error', () => {}).resume();
    if (n % 3 === 0) socket.once('connect', () => socket.end());
    else socket.once('connect', () => socket.end('x'.repeat(100)));
    await once(socket, 'close');
  }
  t.equal(await get(gateway.url), 200);
  while ((await metric(gateway.admin, HANDSHAKES)) < 50);
  const lines = gateway.log.filter(({ msg }) => msg === 'connection refused');
  t.match(lines, [{ level: 40, fault: 'handshake', cause: String, count: 1, req: { remoteAddress: '127.0.0.1' } }]);
  t.equal(lines.length, 1, 'one line a minute');
  t.equal(gateway.log.filter(({ msg }) => msg === 'request completed').length, 1);
});

t.test('a handshake that stalls ends when a request that stalls would', async (t) => {
  const { gateway } = await startForwarding(t, {
    listen: [{ host: '127.0.0.1', port: 0, tls: tlsOf(server) }],
    limits: { ...LIMITS, requestTimeoutMs: 300 },
  });
  const { hostname, port } = new URL(gateway.url);
  const socket = connectPlain(Number(port), hostname, () => socket.write('\x16')).resume();
  const startedAt = performance.now();
  await once(socket, 'close');
  t.ok(performance.now() - startedAt < 2500);
});

t.test('a gateway stops though a handshake is under way', async (t) => {
  const { gateway } = await start(t);
  const { hostname, port } = new URL(gateway.url);
  const socket = connectPlain(Number(port), hostname, () => socket.write('\x16')).resume();
  await once(socket, 'connect');
  await get(gateway.url);
  t.ok(await gateway.drain());
});

t.test('what is malformed inside TLS is a 400 problem as elsewhere', async (t) => {
  const { upstream, gateway } = await start(t);
  const { hostname, port } = new URL(gateway.url);
  const socket = connect({ port: Number(port), host: hostname, ca: authority.cert }, () =>
    socket.write('GARBAGE\r\n\r\n'),
  );
  t.match(await text(socket), /^HTTP\/1\.1 400 [\s\S]*^x-gateway-error: request-invalid\r$/m);
  t.equal(upstream.connections(), 0);
});

t.test('a certificate that has expired is told of at the start, and shown all the same', async (t) => {
  const { gateway } = await start(t, tlsOf(authority.issue({ name: 'old', days: -1 })));
  t.match(gateway.log[0], {
    level: 40,
    msg: 'certificate of no use',
    listener: 'https://127.0.0.1:0',
    detail: /^the certificate expired on /,
  });
  t.equal(await get(gateway.url), 'CERT_HAS_EXPIRED', 'callers see it');
  t.equal(await get(gateway.url, { rejectUnauthorized: false }), 200);
});

/** A server that answers with the name on the certificate that its caller presents. */
async function startNaming(t: Test, tls: Tls) {
  const naming = createHttpServer(
    ({ socket }, response) => response.end((socket as TLSSocket).getPeerCertificate().subject?.CN ?? 'nobody'),
    { limits: LIMITS, tls },
  );
  naming.on('clientError', (_error, socket) => socket.destroy());
  const port = await listenOnPort(naming, { address: '127.0.0.1', port: 0 });
  t.teardown(() => {
    naming.close();
    naming.closeAllConnections();
  });
  return { naming, url: `https://127.0.0.1:${port}`, port };
}

t.test('a renewed certificate is shown to the next connection, and those that are open go on', async (t) => {
  const from = tlsOf(server);
  const { naming, port } = await startNaming(t, from);
  const shownOn = (socket: TLSSocket) => socket.getPeerCertificate().subject.CN;
  const open = async () => {
    const socket = connect({ port, host: '127.0.0.1', ca: authority.cert });
    t.teardown(() => socket.destroy());
    await once(socket, 'secureConnect');
    return socket;
  };
  const ask = async (socket: TLSSocket) => {
    socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    const [bytes] = await once(socket, 'data');
    return String(bytes).split('\r\n')[0];
  };
  const before = await open();
  t.equal(await ask(before), 'HTTP/1.1 200 OK');
  renew(naming, { from, to: tlsOf(authority.issue({ name: 'renewed' })) });
  t.equal(await ask(before), 'HTTP/1.1 200 OK');
  t.equal(shownOn(before), 'gateway');
  t.equal(shownOn(await open()), 'renewed');
});

t.test('with renewed authorities a caller of the old ones is refused, also with a session from before', async (t) => {
  const from = tlsOf(server, authority.cert);
  const { naming, url, port } = await startNaming(t, from);
  const socket = connect({ port, host: '127.0.0.1', ca: authority.cert, ...caller });
  const [session] = await once(socket, 'session');
  socket.destroy();
  t.equal(await get(url, { ...caller, session }), 200);
  const next = createAuthority(t.testdir({}), 'next');
  renew(naming, { from, to: tlsOf(server, next.cert) });
  t.match(await get(url, { ...caller, session }), /^(ECONNRESET|ERR_SSL|EPIPE)/);
  t.equal(await get(url, next.issue({ name: 'purge-bot' })), 200);
});

t.test('whether certificates are asked for does not change while a server listens', async (t) => {
  const [without, within] = [tlsOf(server), tlsOf(server, authority.cert)];
  const { naming } = await startNaming(t, within);
  t.throws(() => renew(naming, { from: within, to: without }), /can not change while a server listens/);
  t.throws(() => renew(naming, { from: without, to: within }), /can not change while a server listens/);
});
