// A configuration that changes while the gateway runs: all of it or nothing, and each request wholly by one of them.
import { hash } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import t, { type Test } from 'tap';
import { WatchedConfig } from '../../src/config/watch.ts';
import { send } from '../sandbox/client-answer.ts';
import { startConfigured } from '../support/gateway.ts';
import { startRawUpstream, valuesOf } from '../support/raw-upstream.ts';

const TOKEN = 'the-token-of-the-purge-bot-0123456789';
const HEADERS = { authorization: `Bearer ${TOKEN}` };
const ENV = { SECRET: 'a-secret-of-the-environment' };

/** What a file says; whatever is named after `name` tells which file a request was served by. */
interface Said {
  readonly name?: string;
  readonly quota?: number;
  readonly allow?: string;
  readonly key?: string;
  readonly window?: string;
  readonly more?: string;
}

async function start(t: Test, said: Said = {}) {
  const upstream = await startRawUpstream();
  const folder = t.testdir({ ak: 'first', sk: 'the-secret-key-in-a-file' });
  const file = join(folder, 'gateway.yaml');
  const write = ({ name = 'one', quota = 1_000_000, allow = '*', key = 'ak', window = '300s', more = '' }: Said) =>
    writeFileSync(
      file,
      `listen: [{ port: 0 }]
admin: { port: 0 }
accounts:
  account-${name}:
    origin: ${upstream.origin}
    credential: { type: access-key, accessKey: { file: ${key} }, secretKey: { file: sk } }
quotas:
  account: { quota: ${quota}, window: ${window} }
  interface: { quota: 1000000, window: 300s }
  documentedLimits: ignore
consumers:
  consumer-${name}: { token: { sha256: ${hash('sha256', TOKEN)} }, accounts: [account-${name}], allow: ["${allow}"] }
${more}`,
    );
  write(said);
  const watched = new WatchedConfig({ file, env: ENV });
  const gateway = await startConfigured(watched.load());
  t.teardown(async () => {
    await upstream.close();
    await gateway.drain();
  });
  return {
    upstream,
    gateway,
    folder,
    write,
    sign: (accessKey: string) => writeFileSync(join(folder, 'ak'), accessKey),
    reload: () => gateway.reload(() => watched.load()),
    call: (target: string, headers: Record<string, string> = HEADERS) => send(gateway.url, { target, headers }),
    told: (msg: RegExp) => gateway.log.filter((line) => msg.test(String(line['msg']))),
    metrics: async () => (await fetch(`${gateway.admin}/metrics`)).text(),
  };
}

t.test('accounts, callers and quotas change, and the log says which, by name', async (t) => {
  const { call, write, reload, told, metrics, gateway } = await start(t);
  const before = Number(/^cdnetworks_gateway_config_loaded_timestamp_seconds (\S+)$/m.exec(await metrics())?.[1]);
  t.equal((await call('/a')).status, 200);
  write({ name: 'two', quota: 7 });
  t.equal(await reload(), 'applied');
  const answer = await call('/a');
  t.match(answer.headers, { 'ratelimit-policy': /^"account";q=7;/ });
  t.match(gateway.log.at(-1), { consumer: 'consumer-two', account: 'account-two' });
  t.match(told(/configuration applied/), [
    {
      level: 30,
      accounts: { added: ['account-two'], removed: ['account-one'], changed: [] },
      consumers: { added: ['consumer-two'], removed: ['consumer-one'], changed: [] },
    },
  ]);
  const text = await metrics();
  t.match(text, 'cdnetworks_gateway_config_reloads_total{result="applied"} 1');
  t.ok(Number(/^cdnetworks_gateway_config_loaded_timestamp_seconds (\S+)$/m.exec(text)?.[1]) > before);
  t.notMatch(gateway.logText(), /the-secret-key|sha256/);
});

t.test('a configuration that says the same changes nothing', async (t) => {
  const { write, reload, told, metrics } = await start(t);
  const loaded = /^cdnetworks_gateway_config_loaded_timestamp_seconds \S+$/m.exec(await metrics())?.[0];
  write({ more: '# a comment\n' });
  t.equal(await reload(), 'unchanged');
  const text = await metrics();
  t.match(text, 'cdnetworks_gateway_config_reloads_total{result="unchanged"} 1');
  t.equal(/^cdnetworks_gateway_config_loaded_timestamp_seconds \S+$/m.exec(text)?.[0], loaded);
  t.equal(told(/configuration applied/).length, 0);
});

for (const [what, said, mistakes] of [
  ['is no YAML', { more: 'a: [' }, [{ line: 13, message: 'not valid YAML: bad indent' }]],
  ['has an unknown key', { more: 'sotre: {}' }, [{ path: 'sotre', message: 'unknown key; did you mean "store"?' }]],
  ['names a secret that is not there', { key: 'nowhere' }, [{ message: /nowhere" does not exist/ }]],
  [
    'has two mistakes in different parts',
    { key: 'nowhere', more: 'anonymous: { account: nobody }' },
    [{ path: /accessKey/ }, { path: 'anonymous.account' }],
  ],
  [
    'needs a restart',
    { name: 'two', more: 'limits: { drain: 1s }\nlog: { level: debug }' },
    [{ path: 'limits', message: 'changed, which needs a restart; nothing was applied' }, { path: 'log' }],
  ],
  ['adds an audit log', { name: 'two', more: 'audit: { file: audit.log }' }, [{ path: 'audit' }]],
] as const) {
  t.test(`one that ${what} is refused whole, and the one before stays`, async (t) => {
    const { call, write, reload, told, metrics, gateway } = await start(t);
    write(said);
    t.equal(await reload(), 'refused');
    t.match(told(/configuration refused/), [{ level: 50, mistakes }]);
    t.equal((await call('/a')).status, 200);
    t.match(gateway.log.at(-1), { consumer: 'consumer-one', account: 'account-one' });
    t.match(await metrics(), 'cdnetworks_gateway_config_reloads_total{result="refused"} 1');
    write({ name: 'three' });
    t.equal(await reload(), 'applied', 'a good one is taken all the same');
    t.equal((await call('/a')).status, 200);
    t.match(gateway.log.at(-1), { consumer: 'consumer-three' });
  });
}

t.test('a secret in the wrong place of a refused configuration is not told', async (t) => {
  const { write, reload, gateway, metrics } = await start(t);
  write({
    more: 'anonymous: { account: one, secretKey: canary-4711 }\nstore: { type: redis, url: redis://:canary-4711@h }',
  });
  t.equal(await reload(), 'refused');
  t.notMatch(gateway.logText() + (await metrics()), /canary/);
});

t.test('a request whose body is still to come ends with what its head began with', async (t) => {
  const { call, write, sign, reload, upstream, gateway } = await start(t, { quota: 1 });
  const upload = request(`${gateway.url}/upload`, {
    method: 'POST',
    headers: { ...HEADERS, 'content-length': '2', expect: '100-continue' },
  });
  upload.flushHeaders();
  await once(upload, 'continue');
  sign('second');
  write({ name: 'two', quota: 1_000_000 });
  t.equal(await reload(), 'applied');
  upload.end('{}');
  const [answer] = await once(upload, 'response');
  await text(answer);
  t.equal(answer.headers['ratelimit-policy'], '"account";q=1;w=300, "interface";q=1000000;w=300');
  t.equal((await call('/after')).status, 200);
  t.strictSame(
    upstream.requests.map((arrived) => valuesOf(arrived, 'x-cnc-accesskey')[0]),
    ['first', 'second'],
    'the access key that was read with the head',
  );
  t.match(
    gateway.log.filter((line) => 'outcome' in line),
    [
      { consumer: 'consumer-one', account: 'account-one' },
      { consumer: 'consumer-two', account: 'account-two' },
    ],
  );
});

t.test('a request that waits for quota is sent as it would have been before', async (t) => {
  const { call, write, sign, reload, upstream, gateway } = await start(t, { quota: 1, window: '1s' });
  await call('/spent');
  const waiting = call('/waits', { ...HEADERS, prefer: 'wait=60' });
  const isWaiting = async () =>
    /^cdnetworks_gateway_waiting 1$/m.test(await (await fetch(`${gateway.admin}/metrics`)).text());
  while (!(await isWaiting()));
  sign('second');
  write({ name: 'two' });
  t.equal(await reload(), 'applied');
  t.match(await waiting, { status: 200, headers: { 'ratelimit-policy': /^"account";q=1;w=1,/ } });
  t.strictSame(
    upstream.requests.map((arrived) => valuesOf(arrived, 'x-cnc-accesskey')[0]),
    ['first', 'first'],
  );
  t.match(gateway.log.at(-1), { consumer: 'consumer-one', account: 'account-one', waitedMs: Number });
});

t.test('a raised quota holds at once, for what was spent as well', async (t) => {
  const { call, write, reload } = await start(t, { quota: 2 });
  for (const status of [200, 200, 429, 429]) t.equal((await call('/a')).status, status);
  write({ quota: 3 });
  t.equal(await reload(), 'applied');
  for (const status of [200, 429]) t.equal((await call('/a')).status, status);
  write({ quota: 1 });
  await reload();
  t.equal((await call('/a')).status, 429);
});

t.test('a changed secret touches no connection', async (t) => {
  const { call, sign, reload, upstream } = await start(t);
  for (let n = 0; n < 10; n++) {
    sign(`key-${n}`);
    t.equal(await reload(), 'applied');
    t.equal((await call('/a')).status, 200);
  }
  t.equal(upstream.connections(), 1);
  t.strictSame(
    upstream.requests.map((request) => valuesOf(request, 'x-cnc-accesskey')[0]),
    Array.from({ length: 10 }, (_, n) => `key-${n}`),
  );
});

t.test('a caller loses what it was allowed with its next request, also on the same connection', async (t) => {
  const { write, reload, gateway } = await start(t);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  t.teardown(() => agent.destroy());
  t.equal((await send(gateway.url, { target: '/a', headers: HEADERS, agent })).status, 200);
  write({ allow: 'GET /b' });
  await reload();
  t.equal((await send(gateway.url, { target: '/a', headers: HEADERS, agent })).status, 403);
  t.equal((await send(gateway.url, { target: '/b', headers: HEADERS, agent })).status, 200);
});

t.test('what needs a restart is told by its key and not by its value', async (t) => {
  const { write, reload, gateway } = await start(t);
  write({ more: 'store: { type: redis, url: { env: SECRET } }' });
  t.equal(await reload(), 'refused');
  t.notMatch(gateway.logText(), ENV.SECRET);
});

t.test('once the gateway stops, nothing changes any more', async (t) => {
  const { write, reload, gateway, told } = await start(t);
  const drained = gateway.drain();
  write({ name: 'two' });
  t.equal(await reload(), 'refused');
  t.ok(await drained);
  t.equal(told(/configuration/).length, 0);
});

t.test(
  '200 reloads while 64 connections are calling: none fails, and each is wholly of one configuration',
  async (t) => {
    const RELOADS = 200;
    const CONNECTIONS = 64;
    const generation = (n: number) => ({ name: `g${n % 7}`, quota: 1_000_000 + (n % 7) });
    const { write, sign, reload, upstream, gateway } = await start(t, generation(0));
    sign('g0');
    t.equal(await reload(), 'applied');
    const answers = new Map<string, { status: number; policy: string }>();
    let done = false;
    let calls = 0;
    const call = async (agent: Agent) => {
      const target = `/n${calls++}`;
      const { status, headers } = await send(gateway.url, { target, headers: HEADERS, agent });
      answers.set(target, { status, policy: String(headers['ratelimit-policy']) });
    };
    const callers = Array.from({ length: CONNECTIONS }, async () => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      while (!done) await call(agent);
      agent.destroy();
    });
    for (let n = 1; n <= RELOADS; n++) {
      const { name, quota } = generation(n);
      sign(name);
      write({ name, quota });
      t.equal(await reload(), 'applied');
      // So that some begin between each two.
      const enough = answers.size + 8;
      while (answers.size < enough) await new Promise((resolve) => setImmediate(resolve));
    }
    done = true;
    await Promise.all(callers);

    const arrived = new Map(upstream.requests.map((wire) => [wire.target, valuesOf(wire, 'x-cnc-accesskey')[0]]));
    const logged = new Map(
      gateway.log
        .filter(({ msg }) => msg === 'request completed')
        .map((line) => [(line['req'] as { path: string }).path, line]),
    );
    const seen = new Set<string>();
    const wrong = [...answers].filter(([target, { status, policy }]) => {
      const line = logged.get(target);
      const name = String(line?.['account']).replace('account-', '');
      seen.add(name);
      const quota = 1_000_000 + Number(name.slice(1));
      return !(
        status === 200 &&
        line?.['consumer'] === `consumer-${name}` &&
        arrived.get(target) === name &&
        policy.startsWith(`"account";q=${quota};`)
      );
    });
    t.strictSame(wrong, []);
    t.equal(arrived.size, answers.size);
    t.equal(upstream.requests.length, answers.size, 'each arrived once');
    t.equal(seen.size, 7);
    t.ok(upstream.connections() <= CONNECTIONS, `${upstream.connections()} connections`);
    t.comment(`${answers.size} calls`);
  },
);
