// Consumers known by the certificates that they connect with, and certificates that change while the gateway runs.
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { connect as connectPlain, type Socket } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type ConnectionOptions, connect } from 'node:tls';
import t, { type Test } from 'tap';
import { WatchedConfig } from '../../src/config/watch.ts';
import { type Certificate, createAuthority } from '../support/certificates.ts';
import { startConfigured } from '../support/gateway.ts';
import { httpAnswer, startRawUpstream } from '../support/raw-upstream.ts';

const folders = t.testdir({ authority: {}, strangers: {} });
const authority = createAuthority(join(folders, 'authority'));
const strangers = createAuthority(join(folders, 'strangers'), 'strangers');
const callers = {
  bot: authority.issue({ name: 'purge-bot' }),
  mesh: authority.issue({ name: 'sidecar', subjectAltName: 'URI:spiffe://cluster/reports,DNS:reports.internal' }),
  nobody: authority.issue({ name: 'somebody-else', subjectAltName: 'DNS:CN:purge-bot' }),
};

/** A gateway whose listener wants certificates, configured by a file. */
async function start(t: Test) {
  const upstream = await startRawUpstream();
  const server = authority.issue({ name: 'gateway' });
  const folder = t.testdir({ 'tls.crt': server.cert, 'tls.key': server.key, 'ca.crt': authority.cert, sk: 'a-secret' });
  const file = join(folder, 'gateway.yaml');
  const account = `{ origin: ${upstream.origin}, credential: { type: access-key, accessKey: { env: AK }, secretKey: { file: sk } } }`;
  writeFileSync(
    file,
    `listen: [{ port: 0, tls: { certFile: tls.crt, keyFile: tls.key, clientCaFile: ca.crt } }]
admin: { port: 0 }
accounts: { main: ${account}, reports: ${account} }
consumers:
  bot: { certificate: { commonName: purge-bot }, accounts: [main], allow: ["POST /ccm/purge/*"] }
  mesh: { certificate: { san: "URI:spiffe://cluster/reports" }, accounts: [reports, main], allow: [read-only] }
`,
  );
  const watched = new WatchedConfig({ file, env: { AK: 'an-access-key' } });
  const gateway = await startConfigured(watched.load());
  t.teardown(async () => {
    await upstream.close();
    await gateway.drain();
  });
  const place = ({ cert, key }: Certificate) => {
    writeFileSync(join(folder, 'tls.crt'), cert);
    writeFileSync(join(folder, 'tls.key'), key);
  };
  return { upstream, gateway, folder, place, reload: () => gateway.reload(() => watched.load()) };
}

async function call(
  url: string,
  { method = 'GET', path = '/api/domain', headers = {}, ...tls }: CallOptions,
): Promise<number | string> {
  const agent = new Agent({ ca: authority.cert, ...tls });
  try {
    const [answer] = await once(request(`${url}${path}`, { method, headers, agent }).end(), 'response');
    await text(answer);
    return answer.statusCode;
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error);
  } finally {
    agent.destroy();
  }
}

type CallOptions = ConnectionOptions & { method?: string; path?: string; headers?: Record<string, string> };

t.test('a consumer is known by the name on its certificate, and may do what it may', async (t) => {
  const { upstream, gateway } = await start(t);
  const purge = { method: 'POST', path: '/ccm/purge/ItemIdReceiver' };
  t.equal(await call(gateway.url, { ...callers.bot, ...purge }), 200);
  t.equal(await call(gateway.url, { ...callers.bot }), 403, 'not its interface');
  t.equal(await call(gateway.url, { ...callers.bot, ...purge, headers: { 'x-gateway-account': 'reports' } }), 403);
  t.equal(await call(gateway.url, { ...callers.mesh }), 200);
  t.equal(await call(gateway.url, { ...callers.mesh, ...purge }), 403);
  t.equal(await call(gateway.url, { ...callers.mesh, headers: { 'x-gateway-account': 'main' } }), 200);
  t.equal(upstream.requests.length, 3);
  t.strictSame(
    gateway.log.filter(({ msg }) => msg === 'request completed').map(({ consumer, account }) => [consumer, account]),
    [
      ['bot', 'main'],
      ['bot', 'main'],
      ['bot', undefined],
      ['mesh', 'reports'],
      ['mesh', 'reports'],
      ['mesh', 'main'],
    ],
  );
});

t.test('a certificate of the right authority and nobody we know is a 401', async (t) => {
  const { upstream, gateway } = await start(t);
  t.equal(await call(gateway.url, { ...callers.nobody }), 401);
  const bearer = { authorization: 'Bearer a-token-that-no-consumer-has' };
  t.equal(await call(gateway.url, { ...callers.nobody, headers: bearer }), 401);
  t.equal(upstream.connections(), 0);
});

t.test('certificates change with their files: for new connections, while open ones go on', async (t) => {
  const { gateway, folder, place, reload } = await start(t);
  const { hostname, port } = new URL(gateway.url);
  const open = connect({ host: hostname, port: Number(port), ca: authority.cert, ...callers.bot });
  await once(open, 'secureConnect');
  const ask = async () => {
    open.write('GET /forbidden HTTP/1.1\r\nHost: localhost\r\n\r\n');
    const [bytes] = await once(open, 'data');
    return String(bytes).slice(0, 12);
  };
  t.equal(await ask(), 'HTTP/1.1 403');
  t.equal(await reload(), 'unchanged');

  const renewed = authority.issue({ name: 'renewed' });
  place({ cert: renewed.cert, key: authority.issue({ name: 'other' }).key });
  t.equal(await reload(), 'refused', 'the key does not fit');
  place(renewed);
  t.equal(await reload(), 'applied');
  const next = connect({ host: hostname, port: Number(port), ca: authority.cert, ...callers.bot });
  await once(next, 'secureConnect');
  t.equal(next.getPeerCertificate().subject.CN, 'renewed');
  t.equal(await ask(), 'HTTP/1.1 403', 'the one from before goes on');
  next.destroy();
  open.destroy();

  writeFileSync(join(folder, 'ca.crt'), strangers.cert);
  t.equal(await reload(), 'applied');
  t.match(await call(gateway.url, { ...callers.bot }), /^(ECONNRESET|ERR_SSL|EPIPE)/);
  t.equal(await call(gateway.url, strangers.issue({ name: 'purge-bot' })), 403);
});

t.test(
  'with other authorities, connections of the old ones end: at once, or after the answers under way',
  async (t) => {
    const { upstream, gateway, folder, reload } = await start(t);
    const { hostname, port } = new URL(gateway.url);
    const place = { host: hostname, port: Number(port) };
    const open = async () => {
      const socket = connect({ ...place, ca: authority.cert, ...callers.mesh });
      socket.on('error', () => {}).setNoDelay();
      await once(socket, 'secureConnect');
      let told = '';
      socket.on('data', (bytes) => {
        told += bytes;
      });
      return { socket, all: once(socket, 'close').then(() => told) };
    };
    const answering: Socket[] = [];
    upstream.answerWith((socket) => void answering.push(socket));
    const get = 'GET /api/domain HTTP/1.1\r\nHost: h\r\n\r\n';
    const [idle, halfRead, busy, streaming] = [await open(), await open(), await open(), await open()];
    halfRead.socket.write(get.slice(0, 20));
    streaming.socket.write(get);
    await upstream.until(() => answering.length === 1);
    answering[0]?.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n');
    await once(streaming.socket, 'data');
    busy.socket.write(get);
    await upstream.until(() => answering.length === 2);
    const shaking = connectPlain(place, () => shaking.write('\x16')).resume();
    await once(shaking, 'connect');
    // One that is connected after it is seen by the gateway after it.
    (await open()).socket.destroy();

    writeFileSync(join(folder, 'ca.crt'), authority.cert + strangers.cert);
    t.equal(await reload(), 'applied');
    await once(shaking, 'close');
    t.equal(await idle.all, '');
    t.equal(await halfRead.all, '');
    busy.socket.write(get);
    t.equal(await call(gateway.url, callers.nobody), 401, 'by now the bytes before it have been read');
    answering[1]?.write(httpAnswer('200 OK', {}, 'answered'));
    t.match(await busy.all, /^HTTP\/1\.1 200 [\s\S]*answeredHTTP\/1\.1 401 [\s\S]*connect again/, 'in their order');
    answering[0]?.write('4\r\nlast\r\n0\r\n\r\n');
    t.match(await streaming.all, /^HTTP\/1\.1 200 [\s\S]*first[\s\S]*last\r\n0\r\n\r\n$/);
    t.equal(upstream.requests.length, 2);
    upstream.answerWith(httpAnswer('200 OK', {}, '{}'));
    t.equal(await call(gateway.url, callers.mesh), 200, 'who is still vouched for connects again');
  },
);
