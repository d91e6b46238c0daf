// A request that is asked about afterwards: by whoever has the vendor's id of it, at whichever replica.
import t, { type Test } from 'tap';
import type { GatewayStatus } from '../../src/http/status/gateway-status.ts';
import type { Found } from '../../src/lookup/lookup.ts';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import { openPage, shown, startBrowser } from '../support/browser.ts';
import { redisStoreAt, startTestGateway } from '../support/gateway.ts';
import { until } from '../support/redis-cluster.ts';
import { startRedis } from '../support/redis-server.ts';
import { startScraped } from '../support/scraped-gateway.ts';

/** Two replicas of one Redis, in front of one sandbox. */
async function twoGateways(t: Test) {
  const redis = await startRedis();
  const sandbox = await startSandbox({});
  const store = { ...redisStoreAt(redis.url), deadlineMs: 500 };
  const one = await startTestGateway(sandbox.origin, { store });
  const other = await startTestGateway(sandbox.origin, { store });
  t.teardown(async () => {
    await Promise.all([one.drain(), other.drain()]);
    await sandbox.close();
    await redis.stop();
  });
  return { redis, sandbox, one, other };
}

async function call(url: string, headers: Record<string, string> = {}) {
  const answer = await fetch(url, { headers });
  await answer.arrayBuffer();
  return answer;
}

/** Of `/requests`, of `/status`, or of a refusal. */
type Answer = Found & GatewayStatus & { readonly message: string };

async function ask(admin: string, path: string) {
  const startedAt = performance.now();
  const answer = await fetch(admin + path);
  return { answer, body: (await answer.json()) as Answer, tookMs: performance.now() - startedAt };
}

t.test(
  'the id in an answer leads to the log line and an exemplar, which leads to any replica, and to its page',
  async (t) => {
    const { one, other } = await twoGateways(t);
    const id = (await call(`${one.url}/api/domain?token=hidden`)).headers.get('x-cnc-request-id') ?? '';
    t.match(id, /^[0-9a-f]{32}$/);

    await until(async () => one.log.some(({ cncRequestId }) => cncRequestId === id));
    const line = one.log.find(({ cncRequestId }) => cncRequestId === id) ?? {};

    const accept = 'application/openmetrics-text';
    const metrics = await (await fetch(`${one.admin}/metrics`, { headers: { accept } })).text();
    const [, exemplar = ''] =
      /requests_total\{.*interface="GET \/api\/domain".*# \{cnc_request_id="([^"]+)"/.exec(metrics) ?? [];
    t.equal(exemplar, id);

    const path = `/requests?cnc-request-id=${exemplar}`;
    await until(async () => (await ask(other.admin, path)).body.exchanges.length === 1);
    const { body } = await ask(other.admin, path);
    t.match(body, {
      from: 'redis',
      exchanges: [
        {
          ...{ reqId: line['reqId'], cncRequestId: id, consumer: 'anonymous', account: 'main' },
          ...{ interface: 'GET /api/domain', method: 'GET', path: '/api/domain', decision: 'admitted' },
          ...{ outcome: 'sent', status: 200, upstreamStatus: 200, replica: new RegExp(`:${process.pid}$`) },
        },
      ],
    });
    t.notMatch(JSON.stringify(body), /hidden/);

    const page = await openPage(t, await startBrowser(t), { url: `${other.admin}/?id=${id}` });
    t.match(await shown(page, '#found'), String(line['reqId']));
    t.match(await shown(page, '#about'), /Replicas seen\s+\S+( \(this one\))?, \S+/);
  },
);

t.test('requests are found by consumer, account and interface together, newest first', async (t) => {
  const { one, other } = await twoGateways(t);
  for (const n of [1, 2, 3]) await call(`${one.url}/api/domain/${n}.example.com`);
  await call(`${other.url}/cdn/purges`, { 'x-gateway-account': 'none' });
  const find = async (query: string) => (await ask(one.admin, `/requests?${query}`)).body.exchanges;
  await until(async () => (await find('')).length === 4);
  const paths = (await find('consumer=anonymous&account=main&interface=GET+/api/domain/*&limit=2')).map(
    ({ path }) => path,
  );
  t.same(paths, ['/api/domain/3.example.com', '/api/domain/2.example.com']);
  t.same(await find('consumer=anonymous&account=reports'), []);
  const [refused] = await find('limit=1');
  t.match(refused ?? {}, { status: 403, reason: 'consumer-forbidden', outcome: undefined });
});

t.test(
  'with Redis gone each replica answers from its own memory at once, says so, and forwards the rest when it is back',
  async (t) => {
    const { redis, one, other } = await twoGateways(t);
    const id = (await call(`${one.url}/api/domain`)).headers.get('x-cnc-request-id') ?? '';
    const path = `/requests?id=${id}`;
    await until(async () => (await ask(other.admin, path)).body.exchanges.length === 1);
    await ask(one.admin, '/status');

    await redis.kill();
    t.match((await ask(one.admin, path)).body, { from: 'this replica', exchanges: [{ cncRequestId: id }] });
    t.match((await ask(other.admin, path)).body, { from: 'this replica', exchanges: [] });
    await until(async () => (await ask(one.admin, '/status')).body.stale);
    const { body, tookMs } = await ask(one.admin, '/status');
    t.match(body, { stale: true, store: { mode: 'unreachable' }, accounts: [{ account: 'main', stale: true }, {}] });
    t.match(
      body.accounts[0] ?? {},
      { at: /^\d{4}-/, policies: [{ policy: 'account', used: 1 }] },
      'what was known last',
    );
    t.ok(tookMs < 100, `${tookMs} ms`);
    const page = await (await fetch(one.admin)).text();
    t.match(page, /can’t be asked: calls are refused[\s\S]*Of this replica alone: Redis does not answer/);

    t.equal((await call(`${one.url}/api/domain?again`)).status, 503, 'refused, and remembered');
    const isRefusal = (line: Record<string, unknown>) => line['reason'] === 'quota-unavailable';
    await until(async () => one.log.some(isRefusal));
    await redis.restart();
    const refusal = `/requests?id=${one.log.find(isRefusal)?.['reqId']}`;
    await until(async () => (await ask(one.admin, refusal)).body.from === 'redis');
    await until(async () => (await ask(other.admin, refusal)).body.exchanges.length === 1);
  },
);

t.test('a Redis that stands still holds up neither calls nor the status', async (t) => {
  const { redis, one } = await twoGateways(t);
  await call(`${one.url}/api/domain`);
  await ask(one.admin, '/status');
  redis.standStill();
  t.teardown(() => redis.goOn());
  await until(async () => (await ask(one.admin, '/status')).body.stale);
  for (const path of ['/status', '/status']) {
    const { tookMs } = await ask(one.admin, path);
    t.ok(tookMs < 100, `${tookMs} ms`);
  }
  redis.goOn();
});

t.test('a misspelt question finds nothing rather than everything', async (t) => {
  const { gateway } = await startScraped(t);
  for (const query of ['cnc-requestid=1', 'limit=0', 'limit=many', 'id=1&id=2', '__proto__=1']) {
    const { answer, body } = await ask(gateway.admin, `/requests?${query}`);
    t.equal(answer.status, 400, query);
    t.match(body.message, /./);
    t.equal((await fetch(`${gateway.admin}/?${query}`)).status, 400);
  }
});

t.test('what tells of calls is kept by no cache and shown in no frame', async (t) => {
  const { gateway } = await startScraped(t);
  for (const path of ['/', '/status', '/requests', '/requests?limit=x']) {
    const { headers } = await fetch(gateway.admin + path);
    t.match(Object.fromEntries(headers), {
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'content-security-policy': /default-src 'none'.*frame-ancestors 'none'/,
    });
  }
});
