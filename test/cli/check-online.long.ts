// `check --online` as an operator runs it, in a world where something is wrong.
import { createServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import t, { type Test } from 'tap';
import { DEMO_USERNAME } from '../../src/sandbox/demo-credentials.ts';
import { type Certificate, createAuthority } from '../support/certificates.ts';
import { ACCESS_KEY, accounts, check, redisOf, sandboxOf } from '../support/check-online.ts';
import { startTestGateway } from '../support/gateway.ts';
import { freePort } from '../support/redis-server.ts';

// Most of their time they wait: for a Redis that does not answer, or to be sure of what others know.
t.jobs = 4;

t.test('where all is well every line says so, and neither the vendor nor Redis counts a call', async (t) => {
  const [sandbox, redis] = [await sandboxOf(t), await redisOf(t)];
  const { code, lines, stderr } = await check(
    t,
    `${accounts(sandbox.origin)}store: { type: redis, url: "${redis.url}" }\n`,
  );
  t.equal(code, 0, stderr);
  t.match(lines, [
    /fine {3}store \(redis\): takes a unit and gives it back$/,
    /fine {3}http:\/\/127\.0\.0\.1:\d+: answers \d+; the clock of this machine is right to \d s$/,
  ]);
  t.match(sandbox.report(), { arrivals: 1, verified: 0 });
  t.strictSame(
    (await redis.cli('KEYS', '*')).split('\n').filter((key) => !key.startsWith('cdnetworks-gateway:{CHECK}')),
    [],
    'and no account of the configuration is touched',
  );
});

t.test('--call signs with every credential, and what it spends is spent for all who share the store', async (t) => {
  const [sandbox, redis] = [await sandboxOf(t), await redisOf(t)];
  const config = `accounts:
  main: { origin: "${sandbox.origin}", credential: ${ACCESS_KEY}, nextCredential: ${ACCESS_KEY.replace('SK', 'WRONG')} }
  reports: { origin: "${sandbox.origin}", credential: { type: api-key, username: ${DEMO_USERNAME}, apiKey: { env: KEY } } }
anonymous: { account: main }
quotas: { interface: { quota: 2, window: 5m } }
store: { type: redis, url: "${redis.url}" }
`;
  const first = await check(t, config, { args: ['--online', '--call'] });
  t.equal(first.code, 1);
  t.match(first.stderr, 'check: 1 thing is wrong');
  t.equal(first.lines.length, 5, 'one origin is looked at once');
  t.match(first.lines.slice(2), [
    /fine {3}account main: answers 200, request [0-9a-f]{32}$/,
    /WRONG {2}account main, next credential: the vendor refuses the credential: check accessKey and secretKey, .* \(462\)$/,
    /fine {3}account reports: answers 200, request [0-9a-f]{32}$/,
  ]);
  const second = await check(t, config, { args: ['--call'] });
  t.match(second.lines.slice(2), [
    /WRONG {2}account main: not called: its quota is spent; try again in \d+ s$/,
    /WRONG {2}account main, next credential: not called/,
    /fine {3}account reports/,
  ]);
  t.equal(sandbox.report().verified, 3);
});

t.test('--call does not go past a gateway that counts in its own memory', async (t) => {
  const sandbox = await sandboxOf(t);
  const gateway = await startTestGateway(sandbox.origin);
  t.teardown(() => gateway.drain());
  const config = `${accounts(sandbox.origin)}admin: { port: ${new URL(gateway.admin).port} }\n`;
  const beside = await check(t, config, { args: ['--call'] });
  t.equal(beside.code, 1);
  t.match(beside.lines[2], /WRONG {2}account main: not called: the gateway at http:\S+ counts in its own memory/);
  t.equal(sandbox.report().verified, 0);
  await gateway.drain();
  t.match(await check(t, config, { args: ['--call'] }), { code: 0, lines: [/fine/, /fine/, /fine {3}account main/] });
});

t.test('--call does not go past one that may be there and is too busy to say so', async (t) => {
  const sandbox = await sandboxOf(t);
  const silent = createTcpServer(() => {});
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  t.teardown(() => silent.close());
  const { port } = silent.address() as AddressInfo;
  const config = `${accounts(sandbox.origin)}admin: { port: ${port} }\n`;
  const { code, lines } = await check(t, config, { args: ['--call'] });
  t.equal(code, 1);
  t.match(lines[2], /WRONG {2}account main: not called: \S+ does not tell whether a gateway runs there.*timeout/);
  t.equal(sandbox.report().verified, 0);
});

for (const { status, says } of [
  { status: 401, says: /the vendor refuses the credential: check accessKey and secretKey/ },
  { status: 403, says: /the vendor forbids it: .*may list domains \(403\)/ },
  { status: 446, says: /called too often: look for who else uses this account without the gateway \(446\)/ },
  { status: 500, says: /the credential was not refused, and the call failed: .* \(500\)/ },
]) {
  t.test(`--call says what a ${status} of the vendor means`, async (t) => {
    const sandbox = await sandboxOf(t);
    sandbox.behave({ status });
    const { code, lines } = await check(t, `${accounts(sandbox.origin)}admin: { port: ${await freePort()} }\n`, {
      args: ['--call'],
    });
    t.equal(code, 1);
    t.match(lines[2], says);
  });
}

t.test('a clock that is off by more than the vendor may tolerate is wrong', async (t) => {
  for (const { offMs, says } of [
    { offMs: 90_000, says: /WRONG .*: the clock of this machine is (89|90|91) s behind its: .*NTP$/ },
    { offMs: -90_000, says: /WRONG .*: the clock of this machine is (89|90|91) s ahead of its/ },
    { offMs: 30_000, says: /fine .* right to (29|30|31) s$/ },
  ]) {
    const clock = { wall: () => Date.now() + offMs, monotonic: () => performance.now() };
    const { lines } = await check(t, accounts((await sandboxOf(t, { clock })).origin));
    t.match(lines[1], says);
  }
});

t.test('an origin that nobody serves is told of', async (t) => {
  const { code, lines } = await check(t, accounts(`http://127.0.0.1:${await freePort()}`));
  t.equal(code, 1);
  t.match(lines[1], /nobody listens there: check host and port, and that it runs \(ECONNREFUSED\)$/);
});

t.test('a certificate that is no good is told of by what is wrong with it', async (t) => {
  const authority = createAuthority(t.testdir({}));
  const trusted = { more: ', caFile: ca.pem', files: { 'ca.pem': authority.cert } };
  for (const { certificate, more, files, says } of [
    { certificate: authority.issue({ name: 'a' }), ...trusted, says: /fine .* answers 404/ },
    {
      certificate: authority.issue({ name: 'a' }),
      more: '',
      files: {},
      says: /authority that is not trusted: .*caFile/,
    },
    {
      certificate: authority.issue({ name: 'a', days: -1 }),
      ...trusted,
      says: /has expired: .* \(CERT_HAS_EXPIRED\)$/,
    },
    {
      certificate: authority.issue({ name: 'a', subjectAltName: 'DNS:other.example' }),
      ...trusted,
      says: /is for another name: check the host/,
    },
  ]) {
    const { lines } = await check(t, accounts(await serveTls(t, certificate), more), { files });
    t.match(lines[1], says);
  }
  const plain = await sandboxOf(t);
  const { lines } = await check(t, accounts(plain.origin.replace('http', 'https')));
  t.match(lines[1], /it speaks no TLS of a version that is safe .* check scheme and port/);
});

/** An origin with that certificate. */
async function serveTls(t: Test, certificate: Certificate): Promise<string> {
  const server = createServer(certificate, (_request, response) => response.writeHead(404).end());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
