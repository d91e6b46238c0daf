// A configuration that changes while the gateway runs: all of it or nothing, and each request wholly by one of them.
import { Agent } from 'node:http';
import t from 'tap';
import { send } from '../sandbox/client-answer.ts';
import { valuesOf } from '../support/raw-upstream.ts';
import { ENV, HEADERS, startReloading } from '../support/reloading.ts';

t.test('accounts, callers and quotas change, and the log says which, by name', async (t) => {
  const { call, write, reload, told, metrics, gateway } = await startReloading(t);
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
  const { write, reload, told, metrics } = await startReloading(t);
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
    const { call, write, reload, told, metrics, gateway } = await startReloading(t);
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
  const { write, reload, gateway, metrics } = await startReloading(t);
  write({
    more: 'anonymous: { account: one, secretKey: canary-4711 }\nstore: { type: redis, url: redis://:canary-4711@h }',
  });
  t.equal(await reload(), 'refused');
  t.notMatch(gateway.logText() + (await metrics()), /canary/);
});

t.test('a raised quota holds at once, for what was spent as well', async (t) => {
  const { call, write, reload } = await startReloading(t, { quota: 2 });
  for (const status of [200, 200, 429, 429]) t.equal((await call('/a')).status, status);
  write({ quota: 3 });
  t.equal(await reload(), 'applied');
  for (const status of [200, 429]) t.equal((await call('/a')).status, status);
  write({ quota: 1 });
  await reload();
  t.equal((await call('/a')).status, 429);
});

t.test('a changed secret touches no connection', async (t) => {
  const { call, sign, reload, upstream } = await startReloading(t);
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
  const { write, reload, gateway } = await startReloading(t);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  t.teardown(() => agent.destroy());
  t.equal((await send(gateway.url, { target: '/a', headers: HEADERS, agent })).status, 200);
  write({ allow: 'GET /b' });
  await reload();
  t.equal((await send(gateway.url, { target: '/a', headers: HEADERS, agent })).status, 403);
  t.equal((await send(gateway.url, { target: '/b', headers: HEADERS, agent })).status, 200);
});

t.test('what needs a restart is told by its key and not by its value', async (t) => {
  const { write, reload, gateway } = await startReloading(t);
  write({ more: 'store: { type: redis, url: { env: SECRET } }' });
  t.equal(await reload(), 'refused');
  t.notMatch(gateway.logText(), ENV.SECRET);
});

t.test('once the gateway stops, nothing changes any more', async (t) => {
  const { write, reload, gateway, told } = await startReloading(t);
  const drained = gateway.drain();
  write({ name: 'two' });
  t.equal(await reload(), 'refused');
  t.ok(await drained);
  t.equal(told(/configuration/).length, 0);
});
