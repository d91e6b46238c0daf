// What the gateway tells the world, and what it must never tell.
import { hash } from 'node:crypto';
import { inspect } from 'node:util';
import t from 'tap';
import { Secret } from '../../src/catalog/secret.ts';
import { DEMO_API_KEY, DEMO_SECRET_KEY } from '../../src/sandbox/demo-credentials.ts';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import { startTestGateway, WIDE } from '../support/gateway.ts';
import { httpAnswer, startRawUpstream } from '../support/raw-upstream.ts';
import { send } from '../support/send.ts';

const TOKEN = 'the-token-of-the-purge-bot-0123456789';
const quotas = { ...WIDE, interface: { quota: 2, windowMs: 300_000 } };

async function start(t: { teardown(after: () => unknown): void }) {
  const sandbox = await startSandbox({});
  const gateway = await startTestGateway(sandbox.origin, {
    quotas,
    consumers: [
      { name: 'purge-bot', tokenSha256: hash('sha256', TOKEN), accounts: ['main', 'reports'], allow: ['POST /ccm/**'] },
    ],
  });
  t.teardown(async () => {
    await gateway.drain();
    await sandbox.close();
  });
  return { sandbox, gateway };
}

t.test('one log line per request says who called what, what was decided and what came of it', async (t) => {
  const { gateway } = await start(t);
  const response = await fetch(`${gateway.url}/ccm/purge/ItemIdReceiver`, {
    method: 'POST',
    body: '{}',
    headers: { authorization: `Bearer ${TOKEN}`, 'x-gateway-account': 'reports' },
  });
  await response.arrayBuffer();
  await fetch(`${gateway.url}/ccm/purge/ItemIdReceiver`, { headers: { authorization: `Bearer ${TOKEN}` } });
  for (let n = 0; n < 3; n++) await (await fetch(`${gateway.url}/api/domain?n=${n}`)).arrayBuffer();
  await send(gateway.url, { method: 'GET', target: '/a/../b', headers: [], body: '' });
  await send(gateway.url, { method: 'GET', target: '/api/%2e%2e/b', headers: [], body: '' });
  const lines = gateway.log.filter((line) => line['msg'] === 'request completed');
  t.equal(lines.length, 7);
  t.match(lines[0], {
    reqId: String,
    req: { method: 'POST', path: '/ccm/purge/ItemIdReceiver' },
    res: { statusCode: 200 },
    consumer: 'purge-bot',
    account: 'reports',
    interface: 'POST /ccm/purge/ItemIdReceiver',
    decision: 'admitted',
    outcome: 'sent',
    cncRequestId: response.headers.get('x-cnc-request-id'),
    responseTime: Number,
    upstreamTime: Number,
  });
  t.match(lines[1], { res: { statusCode: 403 }, consumer: 'purge-bot', reason: 'consumer-forbidden' });
  t.match(lines[4], { res: { statusCode: 429 }, consumer: 'anonymous', decision: 'denied', reason: 'quota-exceeded' });
  t.match(lines[6], { res: { statusCode: 400 }, reason: 'request-invalid' });
});

t.test('with log.format ecs the lines of a running gateway have the names of that schema', async (t) => {
  const sandbox = await startSandbox({});
  const gateway = await startTestGateway(sandbox.origin, { log: { level: 'info', format: 'ecs' } });
  t.teardown(async () => {
    await gateway.drain();
    await sandbox.close();
  });
  const answer = await fetch(`${gateway.url}/api/domain?secret=1`);
  await answer.arrayBuffer();
  t.match(gateway.log.at(-1), {
    ...{ 'ecs.version': String, 'url.path': '/api/domain', 'http.response.status_code': 200 },
    cdnetworks: { consumer: 'anonymous', cncRequestId: answer.headers.get('x-cnc-request-id') },
  });
  t.notMatch(gateway.logText(), 'secret=1');
});

t.test('no caller can make a line long', async (t) => {
  const { gateway } = await start(t);
  const target = `/api/${'x'.repeat(8000)}`;
  for (let n = 0; n < 3; n += 1) await (await fetch(`${gateway.url}${target}`)).arrayBuffer();
  await (await fetch(gateway.url + target, { headers: { authorization: `Bearer ${TOKEN}` } })).arrayBuffer();
  const lines = gateway.log.filter(({ msg }) => msg === 'request completed');
  t.match(
    lines.map(({ reason }) => reason),
    [undefined, undefined, 'quota-exceeded', 'consumer-forbidden'],
  );
  for (const line of lines) t.ok(JSON.stringify(line).length < 2000);
});

t.test('the admin port answers for the process, for traffic and for Prometheus', async (t) => {
  const { gateway } = await start(t);
  for (let n = 0; n < 3; n++) await (await fetch(`${gateway.url}/api/domain?n=${n}`)).arrayBuffer();
  t.equal((await fetch(`${gateway.admin}/livez`)).status, 200);
  t.match(await (await fetch(`${gateway.admin}/readyz`)).json(), { status: 'ready', store: 'memory' });
  const metrics = await (await fetch(`${gateway.admin}/metrics`)).text();
  const requests = 'cdnetworks_gateway_requests_total{account="main",interface="GET /api/domain",consumer="anonymous"';
  t.ok(metrics.includes(`${requests},status="200",reason="none"} 2`));
  t.ok(metrics.includes(`${requests},status="429",reason="quota-exceeded"} 1`));
  t.ok(
    metrics.includes('cdnetworks_gateway_quota_decisions_total{account="main",policy="interface",decision="denied"} 1'),
  );
  t.ok(metrics.includes('cdnetworks_gateway_quota_settlements_total{account="main",outcome="sent"} 2'));
  t.match(metrics, /cdnetworks_gateway_build_info\{version="[\d.]+",node="v\d+/);
  t.equal(
    (await fetch(`${gateway.url}/metrics`)).headers.get('x-gateway-error'),
    null,
    "on a consumer's port it's a path like any other",
  );
});

t.test('no secret is in any log line, error body, metric or answer', async (t) => {
  const { sandbox, gateway } = await start(t);
  const told: string[] = [];
  const call = async (target: string, init: RequestInit = {}) => {
    const response = await fetch(gateway.url + target, init);
    told.push(inspect([...response.headers]), await response.text().catch(String));
  };
  const authorization = `Bearer ${TOKEN}`;
  await call('/api/domain?1');
  await call('/api/domain?2');
  await call('/api/domain?3');
  await call('/ccm/purge/ItemIdReceiver', { method: 'POST', body: '{}', headers: { authorization } });
  await call('/ccm/x', { method: 'POST', body: '{}', headers: { authorization, 'x-gateway-account': 'reports' } });
  await call('/ccm/y', { method: 'POST', headers: { authorization: `${authorization}x` } });
  await call('/api/forbidden', { headers: { authorization } });
  for (const fault of ['reset', 'truncate', 'reset-mid-body'] as const) {
    sandbox.behave({ times: 1, fault });
    await call(`/cdn/${fault}`);
  }
  sandbox.behave({ times: 1, status: 462 });
  await call('/cdn/refused');
  told.push(
    await (await fetch(`${gateway.admin}/metrics`)).text(),
    await (await fetch(`${gateway.admin}/readyz`)).text(),
  );
  await gateway.drain();
  told.push(gateway.logText());
  const text = told.join('\n');
  t.ok(text.length > 10_000);
  for (const secret of [DEMO_SECRET_KEY, DEMO_API_KEY, TOKEN, hash('sha256', TOKEN), 'Signature=', 'Basic ']) {
    t.notOk(text.includes(secret), `${secret.slice(0, 6)}...`);
  }
});

t.test('a secret reads [redacted] in every way that Node prints', async (t) => {
  const secret = new Secret('hidden-text');
  const ways = [
    String(secret),
    `${secret}`,
    JSON.stringify({ secret }),
    inspect({ secret }, { showHidden: true, depth: 9 }),
    `${[secret]}`,
  ];
  for (const way of ways) t.notMatch(way, /hidden-text/);
  t.equal(secret.reveal(), 'hidden-text');
});

t.test('of an id that the vendor sends twice, the first is told', async (t) => {
  const vendor = await startRawUpstream();
  vendor.answerWith(httpAnswer('200 OK', { 'x-cnc-request-id': ['first', 'second'] }));
  const gateway = await startTestGateway(vendor.origin);
  t.teardown(async () => {
    await gateway.drain();
    await vendor.close();
  });
  const answer = await fetch(`${gateway.url}/api/domain`);
  t.equal(answer.headers.get('x-cnc-request-id'), 'first, second', 'its caller gets both');
  t.match(gateway.log.at(-1), { cncRequestId: 'first' });
});

t.test('a request is found by the whole of an id or an interface, however long', async (t) => {
  const { gateway, call } = await rawVendor(t);
  const id = 'x'.repeat(3000);
  const path = `/odd/${'y'.repeat(600)}`;
  await call(path, id);
  for (const query of [{ id }, { 'cnc-request-id': id }, { interface: `GET ${path}` }]) {
    const asked = new URLSearchParams(query as Record<string, string>);
    t.match(await (await fetch(`${gateway.admin}/requests?${asked}`)).json(), { exchanges: [{ status: 200 }] });
    t.match(await (await fetch(`${gateway.admin}/?${asked}`)).text(), '1 request found');
  }
});

t.test('requests to which the vendor gives an empty id, or one and the same, are each led to', async (t) => {
  const { gateway, call } = await rawVendor(t);
  for (const id of ['', 'the-same', 'the-same']) await call('/api/domain', id);
  const list = await (await fetch(`${gateway.admin}/?account=main`)).text();
  const links = [...list.matchAll(/href="(\/\?id=[^"]*)"/g)].map(([, link]) => link);
  t.equal(links.length, 3);
  for (const link of links) t.match(await (await fetch(gateway.admin + link)).text(), '1 request found');
  t.notOk(
    gateway.log.some(({ cncRequestId }) => cncRequestId === ''),
    'an empty one is none',
  );
});

/** A gateway, and a call to it that is answered with an id. */
async function rawVendor(t: { teardown(after: () => unknown): void }) {
  const vendor = await startRawUpstream();
  const gateway = await startTestGateway(vendor.origin);
  t.teardown(async () => {
    await gateway.drain();
    await vendor.close();
  });
  const call = async (path: string, id: string) => {
    vendor.answerWith(httpAnswer('200 OK', { 'x-cnc-request-id': id }));
    await (await fetch(gateway.url + path)).arrayBuffer();
  };
  return { gateway, call };
}
