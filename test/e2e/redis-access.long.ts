// A gateway as an operator configures it, at a Redis that asks who it is, or that it has to know by its certificate.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import { send } from '../sandbox/client-answer.ts';
import { type Authority, createAuthority } from '../support/certificates.ts';
import { accountAt, startGatewayProcess } from '../support/gateway-process.ts';
import { until } from '../support/redis-cluster.ts';
import { freePort, type RedisServer, startRedis } from '../support/redis-server.ts';
import { shortFolder } from '../support/short-folder.ts';

const PASSWORD = 'p@ss/w:rd #1%';
/** All that the gateway's user needs, as src/quota/README.md says. */
const RIGHTS =
  '~cdnetworks-gateway:* +eval +evalsha +info +time +exists +pexpire +hget +hset +hsetnx +hmget +hgetall +hkeys +hdel ' +
  '+hincrby +sadd +sismember +set +zadd +zrem +zcard +zcount +zscore +zrange +zrangebyscore +zremrangebyscore ' +
  '+xadd +xrevrange';

/** A gateway whose configuration file, in this folder, has these keys under `store`. */
async function startGateway(t: Test, { folder, store }: { folder: string; store: string }) {
  const sandbox = await startSandbox({});
  t.teardown(() => sandbox.close());
  const config = join(folder, 'gateway.yaml');
  writeFileSync(
    config,
    `${accountAt(sandbox.origin)}store: { type: redis, ${store} }
anonymous: { account: main }
`,
  );
  const gateway = await startGatewayProcess(config);
  t.teardown(() => gateway.kill());
  return { gateway, sandbox };
}

/** Calls once, and expects the call to be carried. */
async function admits(t: Test, { gateway, sandbox }: Awaited<ReturnType<typeof startGateway>>): Promise<void> {
  t.equal((await send(gateway.url, { target: '/api/domain' })).status, 200);
  t.equal(sandbox.report().arrivals, 1);
}

/** Calls once, and expects the call to be refused for the reason that the log has. */
async function refuses(
  t: Test,
  { gateway, sandbox }: Awaited<ReturnType<typeof startGateway>>,
  reason: RegExp,
): Promise<void> {
  const answer = await send(gateway.url, { target: '/api/domain' });
  t.match(answer, { status: 503, headers: { 'x-gateway-error': 'quota-unavailable', 'retry-after': /^\d+$/ } });
  t.notMatch(answer.bytes.toString(), reason, 'and nothing internal is told');
  t.equal(sandbox.report().arrivals, 0);
  await until(async () => gateway.log.some(({ msg }) => msg === 'request completed'));
  const log = JSON.stringify(gateway.log);
  t.match(log, reason, 'the log has the reason');
  t.notOk(log.includes(PASSWORD) || log.includes(encodeURIComponent(PASSWORD)), 'and no password');
}

/** A Redis that speaks nothing but TLS on its port. */
async function startTlsRedis(
  t: Test,
  authority: Authority,
  { config, args = [] }: { config?: string; args?: readonly string[] } = {},
) {
  const { cert, key } = authority.issue({ name: 'redis' });
  const own = shortFolder(t, { cert, key, ca: authority.cert });
  const port = await freePort();
  const [certFile, keyFile, caFile] = [join(own, 'cert'), join(own, 'key'), join(own, 'ca')];
  const files = ['--tls-cert-file', certFile, '--tls-key-file', keyFile, '--tls-ca-cert-file', caFile];
  const redis = await startRedis({
    ...(config !== undefined && { config }),
    args: ['--tls-port', `${port}`, ...files, '--tls-auth-clients', 'no', ...args],
  });
  t.teardown(() => redis.stop());
  return { cli: redis.cli, port };
}

/** A cluster of one server that speaks nothing but TLS. */
async function startTlsCluster(t: Test, authority: Authority) {
  const args = ['--cluster-enabled', 'yes', '--tls-cluster', 'yes', '--cluster-announce-ip', '127.0.0.1'];
  const redis = await startTlsRedis(t, authority, { args });
  await redis.cli('CLUSTER', 'ADDSLOTS', ...Array.from({ length: 16_384 }, (_, slot) => String(slot)));
  await until(async () => (await redis.cli('CLUSTER', 'INFO')).includes('cluster_state:ok'));
  return redis;
}

/** A Redis that lets in a user with a password and no more rights than it needs. */
async function startGuardedRedis(t: Test, rights = RIGHTS): Promise<RedisServer & { readonly port: number }> {
  const redis = await startRedis({ tcp: true });
  t.teardown(() => redis.stop());
  await redis.cli('ACL', 'SETUSER', 'gateway', 'on', `>${PASSWORD}`, '-@all', ...rights.split(' '));
  await redis.cli('CONFIG', 'SET', 'requirepass', 'of somebody else');
  return { ...redis, port: redis.port ?? 0 };
}

// Most of their time the gateways wait: to be sure of what others know, or for a Redis that they can't ask.
t.jobs = 5;

for (const { how, toStore } of [
  { how: 'a rediss:// URL', toStore: (port: number) => `url: "rediss://127.0.0.1:${port}"` },
  { how: 'the key tls', toStore: (port: number) => `url: "redis://127.0.0.1:${port}", tls: true` },
]) {
  t.test(`calls are admitted over TLS by a Redis that a private authority vouches for, with ${how}`, async (t) => {
    const folder = t.testdir();
    const authority = createAuthority(folder);
    const { port } = await startTlsRedis(t, authority);
    await admits(t, await startGateway(t, { folder, store: `${toStore(port)}, caFile: ca.crt` }));
  });
}

t.test('a Sentinel and the master that it names are asked over TLS', async (t) => {
  const folder = t.testdir();
  const authority = createAuthority(folder);
  const master = await startTlsRedis(t, authority);
  const config = join(folder, 'sentinel.conf');
  writeFileSync(config, `tls-replication yes\nsentinel monitor quota 127.0.0.1 ${master.port} 1\n`);
  const sentinel = await startTlsRedis(t, authority, { config, args: ['--sentinel'] });
  const nodes = `nodes: ["127.0.0.1:${sentinel.port}"]`;
  await admits(t, await startGateway(t, { folder, store: `sentinel: { name: quota, ${nodes} }, caFile: ca.crt` }));
});

t.test('the servers of a cluster are asked over TLS', async (t) => {
  const folder = t.testdir();
  const { port } = await startTlsCluster(t, createAuthority(folder));
  await admits(t, await startGateway(t, { folder, store: `cluster: ["127.0.0.1:${port}"], caFile: ca.crt` }));
});

t.test('no call is admitted by a Redis whose certificate is of another authority', async (t) => {
  const folder = t.testdir();
  const { port } = await startTlsRedis(t, createAuthority(shortFolder(t), 'other'));
  createAuthority(folder);
  const started = await startGateway(t, { folder, store: `url: "rediss://127.0.0.1:${port}", caFile: ca.crt` });
  await refuses(t, started, /unable to verify the first certificate|self.signed certificate/);
});

t.test("without a caFile the system's authorities decide, who don't know a private one", async (t) => {
  const folder = t.testdir();
  const { port } = await startTlsRedis(t, createAuthority(folder));
  const started = await startGateway(t, { folder, store: `url: "rediss://127.0.0.1:${port}"` });
  await refuses(t, started, /unable to verify the first certificate|self.signed certificate/);
});

t.test('a user with a password and the rights that the README lists is enough', async (t) => {
  const { port } = await startGuardedRedis(t);
  const store = `url: "redis://127.0.0.1:${port}", username: gateway, password: { file: password }`;
  const { gateway, sandbox } = await startGateway(t, { folder: t.testdir({ password: PASSWORD }), store });
  await admits(t, { gateway, sandbox });
  const admin = gateway.log.find(({ msg }) => msg === 'gateway started')?.['admin'];
  t.match(await (await fetch(`${admin}/requests`)).json(), { from: 'redis', exchanges: [{ status: 200 }] });
  t.same(
    gateway.log.filter(({ level }) => Number(level) > 30),
    [],
    'nothing was refused in the background either',
  );
});

t.test('a user who may not share past requests is admitted all the same, and the log says what it lacks', async (t) => {
  const { port } = await startGuardedRedis(t, RIGHTS.replace(' +xadd +xrevrange', ''));
  const store = `url: "redis://127.0.0.1:${port}", username: gateway, password: { file: password }`;
  const { gateway, sandbox } = await startGateway(t, { folder: t.testdir({ password: PASSWORD }), store });
  await admits(t, { gateway, sandbox });
  const told = () => gateway.log.filter(({ msg }) => msg === 'past requests not shared');
  await until(async () => told().length > 0);
  t.match(JSON.stringify(told()), /xadd/);
  t.notMatch(JSON.stringify(told()), /api.domain/, 'and nothing of the request');
});

t.test('user and password may stand in a URL that is referred to', async (t) => {
  const { port } = await startGuardedRedis(t);
  const url = `redis://gateway:${encodeURIComponent(PASSWORD)}@127.0.0.1:${port}`;
  await admits(
    t,
    await startGateway(t, { folder: t.testdir({ 'redis-url': url }), store: 'url: { file: redis-url }' }),
  );
});

for (const { who, rights, username, reason } of [
  { who: 'that Redis does not know', rights: RIGHTS, username: 'nobody', reason: /WRONGPASS/ },
  {
    who: 'who lacks a right',
    rights: RIGHTS.replace(' +info', ''),
    username: 'gateway',
    reason: /can't run this command|no permissions to run/,
  },
]) {
  t.test(`a user ${who} is admitted nothing, and the password is not logged`, async (t) => {
    const { port } = await startGuardedRedis(t, rights);
    const store = `url: "redis://127.0.0.1:${port}", username: ${username}, password: { file: password }`;
    await refuses(t, await startGateway(t, { folder: t.testdir({ password: PASSWORD }), store }), reason);
  });
}

t.test('why Redis refuses is in the log before anybody calls, and does not fill it', async (t) => {
  const { port } = await startGuardedRedis(t, RIGHTS.replace(' +info', ''));
  const store = `url: "redis://127.0.0.1:${port}", username: gateway, password: { file: password }`;
  const { gateway } = await startGateway(t, { folder: t.testdir({ password: PASSWORD }), store });
  const failures = () => gateway.log.filter(({ msg }) => msg === 'quota store failed');
  await until(async () => failures().length > 0);
  t.match(JSON.stringify(failures()[0]), /can't run this command|no permissions to run/);
  const { status } = await send(gateway.url, { target: '/api/domain' });
  t.equal(status, 503);
  t.ok(failures().length <= 2, `${failures().length} lines`);
});

t.test('a password that a cluster refuses is not logged', async (t) => {
  const folder = t.testdir({ password: PASSWORD });
  const { cli, port } = await startTlsCluster(t, createAuthority(folder));
  await cli('CONFIG', 'SET', 'requirepass', 'of somebody else');
  const user = 'username: nobody, password: { file: password }';
  const store = `cluster: ["127.0.0.1:${port}"], caFile: ca.crt, ${user}`;
  await refuses(t, await startGateway(t, { folder, store }), /WRONGPASS/);
});
