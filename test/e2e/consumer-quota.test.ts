// A consumer's own share of an account: counted like any other quota, and told like any other.
import { hash } from 'node:crypto';
import { parseList } from 'structured-headers';
import t from 'tap';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import { redisStoreAt, startTestGateway, WIDE } from '../support/gateway.ts';
import { startRedis } from '../support/redis-server.ts';

const WINDOW_MS = 300_000;
const consumer = (name: string) => ({
  name,
  tokenSha256: hash('sha256', `token-of-${name}`),
  accounts: ['main', 'reports'],
  allow: ['*'],
});
const CONSUMERS = [{ ...consumer('small'), quota: { quota: 2, windowMs: WINDOW_MS } }, consumer('large')];

type Overrides = Parameters<typeof startTestGateway>[1];

async function start(t: { teardown(after: () => unknown): void }, overrides: Overrides = {}) {
  const sandbox = await startSandbox({});
  const gateway = await startTestGateway(sandbox.origin, { anonymous: false, consumers: CONSUMERS, ...overrides });
  t.teardown(async () => {
    await gateway.drain();
    await sandbox.close();
  });
  return { sandbox, gateway };
}

function caller(url: string) {
  let calls = 0;
  return (name: string, { path = '/api/domain', account = 'main' } = {}) =>
    fetch(`${url}${path}?n=${calls++}`, {
      headers: { authorization: `Bearer token-of-${name}`, 'x-gateway-account': account },
    });
}

t.test(
  'a consumer is stopped by its own share, which others do not spend, and another account is another share',
  async (t) => {
    const { sandbox, gateway } = await start(t);
    const call = caller(gateway.url);
    for (let n = 0; n < 3; n += 1) t.equal((await call('large')).status, 200);
    t.equal((await call('small')).status, 200);
    t.equal((await call('small', { path: '/cdn/purges' })).status, 200);

    const refused = await call('small', { path: '/api/report/domains' });
    t.equal(refused.status, 429);
    t.ok(Number(refused.headers.get('retry-after')) > 290);
    t.match(await refused.json(), { 'violated-policies': ['consumer'], message: /"consumer" \(2 in 300 s\)/ });
    t.equal((await call('large')).status, 200);
    t.equal((await call('small', { account: 'reports' })).status, 200);
    t.equal(sandbox.report().verified, 7);
  },
);

t.test('the RateLimit fields name the share between the account and the interface', async (t) => {
  const { gateway } = await start(t);
  const call = caller(gateway.url);
  const names = async (name: string) =>
    parseList((await call(name)).headers.get('ratelimit') ?? '').map(([policy, values]) => [policy, values.get('r')]);
  t.match(await names('small'), [['account'], ['consumer', 1], ['interface']]);
  t.match(await names('small'), [['account'], ['consumer', 0], ['interface']]);
  t.match(await names('large'), [['account'], ['interface']]);
});

t.test('a denied call spends nothing of the share', async (t) => {
  const quotas = { ...WIDE, interface: { quota: 1, windowMs: WINDOW_MS } };
  const { gateway } = await start(t, { quotas });
  const call = caller(gateway.url);
  t.equal((await call('small')).status, 200);
  for (let n = 0; n < 3; n += 1) t.equal((await call('small')).status, 429, 'the interface is spent');
  t.equal((await call('small', { path: '/cdn/purges' })).status, 200);
});

t.test('a vendor that throttles closes the interface, and not the share', async (t) => {
  const { sandbox, gateway } = await start(t);
  const call = caller(gateway.url);
  sandbox.behave({ times: 1, status: 446 });
  t.equal((await call('small')).status, 446);
  t.equal((await call('small')).status, 429);
  t.equal((await call('small', { path: '/cdn/purges' })).status, 200);
});

t.test('the quota report tells what is spent of each share', async (t) => {
  const { gateway } = await start(t);
  const call = caller(gateway.url);
  await call('large');
  await call('small');
  const report = await (await fetch(`${gateway.admin}/quota?account=main`)).json();
  t.match(report, {
    partitions: [
      { partition: 'account' },
      { partition: 'interface GET /api/domain' },
      { partition: 'consumer small', policies: [{ name: 'consumer', quota: 2, used: 1, consumers: { small: 1 } }] },
    ],
  });
});

t.test('two gateways on one Redis spend one share', async (t) => {
  const redis = await startRedis({ tcp: true });
  t.teardown(() => redis.stop());
  const store = redisStoreAt(redis.url);
  const [one, other] = [await start(t, { store }), await start(t, { store })];
  t.equal((await caller(one.gateway.url)('small')).status, 200);
  t.equal((await caller(other.gateway.url)('small')).status, 200);
  t.equal((await caller(one.gateway.url)('small', { path: '/cdn/purges' })).status, 429);
  t.equal((await caller(other.gateway.url)('small', { path: '/cdn/purges' })).status, 429);
});
