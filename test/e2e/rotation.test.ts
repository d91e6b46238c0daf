// Keys that are changed while calls go on: what the vendor refuses of the first credential is sent once more with the next one.
import t from 'tap';
import { Secret } from '../../src/catalog/secret.ts';
import type { Found } from '../../src/lookup/lookup.ts';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import { send } from '../sandbox/client-answer.ts';
import { configAt, startConfigured, WIDE } from '../support/gateway.ts';
import { httpAnswer, startRawUpstream, valuesOf } from '../support/raw-upstream.ts';
import { accessKey, REFUSED, startRotating, startWithTwo, unitsOf } from '../support/two-credentials.ts';

const apiKey = (name: string) =>
  ({ type: 'api-key', username: name, apiKey: new Secret(`secret of ${name}`) }) as const;

for (const [status, credentials] of [
  [462, { credential: accessKey('old'), nextCredential: accessKey('new') }],
  [401, { credential: apiKey('old'), nextCredential: apiKey('new') }],
  [401, { credential: apiKey('old'), nextCredential: accessKey('new') }],
] as const) {
  t.test(`after a ${status}, ${credentials.nextCredential.type} takes over without losing a call`, async (t) => {
    const sandbox = await startSandbox({
      accessKeys: { new: 'secret of new' },
      apiKeys: { new: 'secret of new' },
    });
    t.teardown(sandbox.close);
    const { gateway, metrics } = await startWithTwo(t, sandbox.origin, credentials);
    t.match(await metrics(), 'cdnetworks_gateway_credential_in_use{account="main",credential="first"} 1\n');
    const first = await send(gateway.url, { method: 'POST', target: '/ccm/purge/ItemIdReceiver?x=1', body: '{"a":1}' });
    t.equal(first.status, 200);
    t.equal(sandbox.report().arrivals, 2);
    for (const method of ['GET', 'PUT', 'DELETE', 'PATCH']) {
      t.equal(
        (await send(gateway.url, { method, target: `/api/${method}`, ...(method.startsWith('P') && { body: '{}' }) }))
          .status,
        200,
      );
    }
    t.match(
      sandbox.report(),
      { arrivals: 6, verified: 5, refused: { 'unknown-key': 1 } },
      'only the first was refused',
    );
    t.equal(await unitsOf(gateway.admin), 6, 'each arrival has its unit');

    const text = await metrics();
    t.match(text, 'cdnetworks_gateway_credential_in_use{account="main",credential="first"} 0\n');
    t.match(text, 'cdnetworks_gateway_credential_in_use{account="main",credential="next"} 1\n');
    t.match(text, 'cdnetworks_gateway_credential_switches_total{account="main"} 1');
    t.match(text, 'cdnetworks_gateway_credential_refusals_total{account="main",credential="first"} 1');
    t.match(text, 'cdnetworks_gateway_quota_decisions_total{account="main",policy="account",decision="admitted"} 6');
    t.match(text, 'cdnetworks_gateway_quota_settlements_total{account="main",outcome="sent"} 6');
    const warnings = gateway.log.filter(({ level }) => level === 40);
    t.match(warnings, [{ account: 'main', msg: 'next credential in use: the vendor refused the first one' }]);
    const completed = gateway.log.filter(({ msg }) => msg === 'request completed');
    t.match(completed[0], { credential: 'next', upstreamStatus: 200, cncRequestId: first.headers['x-cnc-request-id'] });
    t.equal(completed.length, 5, 'one line for each request');
  });
}

t.test('switches and refusals are counted from zero, from when an account has two credentials', async (t) => {
  const { gateway, config, metrics } = await startWithTwo(t, 'https://vendor.example');
  const zerosOf = (account: string) => [
    `credential_refusals_total{account="${account}",credential="first"} 0`,
    `credential_refusals_total{account="${account}",credential="next"} 0`,
    `credential_switches_total{account="${account}"} 0`,
  ];
  const told = async () => (await metrics()).match(/credential_(switches|refusals)_total\{.*/g)?.toSorted();
  t.strictSame(await told(), zerosOf('main'), 'and not for one that has one');
  const reports = config.accounts.get('reports');
  if (reports === undefined) return void t.fail('no account');
  const accounts = new Map([...config.accounts, ['reports', { ...reports, nextCredential: apiKey('new') }]]);
  t.equal(await gateway.reload(() => ({ ...config, accounts })), 'applied');
  t.strictSame(await told(), [...zerosOf('main'), ...zerosOf('reports')].toSorted());
});

t.test('what is sent a second time is the same request, with a signature of its own', async (t) => {
  const { upstream, gateway } = await startRotating(t, { old: REFUSED });
  const body = Buffer.alloc(3 * 1024 * 1024, 'é');
  t.equal((await send(gateway.url, { method: 'POST', target: '/a?b=c%20d', body })).status, 200);
  const [one, two] = upstream.requests;
  if (one === undefined || two === undefined) return void t.fail('not two arrivals');
  t.strictSame([two.method, two.target], [one.method, one.target]);
  t.ok(two.body.equals(body) && one.body.equals(body));
  t.strictSame(valuesOf(two, 'x-cnc-accesskey'), ['new']);
  t.not(valuesOf(two, 'authorization')[0], valuesOf(one, 'authorization')[0]);
});

t.test('both of the vendor’s ids lead to the request, also as exemplars have them', async (t) => {
  const { gateway } = await startRotating(t, {
    old: httpAnswer('462 Refused', { 'x-cnc-request-id': 'the first, refused' }, '{}'),
    new: httpAnswer('200 OK', { 'x-cnc-request-id': 'second-one' }, '{}'),
  });
  t.equal((await send(gateway.url, { target: '/a' })).status, 200);
  const line = gateway.log.find(({ msg }) => msg === 'request completed') ?? {};
  t.match(line, { cncRequestId: 'second-one', refusedCncRequestId: 'the first, refused' });
  const found = async (query: Record<string, string>) => {
    const answer = await fetch(`${gateway.admin}/requests?${new URLSearchParams(query)}`);
    return ((await answer.json()) as Found).exchanges;
  };
  const metrics = await fetch(`${gateway.admin}/metrics`, { headers: { accept: 'application/openmetrics-text' } });
  const text = await metrics.text();
  t.match(text, /vendor_refusals_total\{.*cnc_request_id="thefirstrefused"/);
  t.match(text, /overhead_duration_seconds_count 0\n/, 'of the second call it would hold the whole of the first');
  for (const id of ['second-one', 'the first, refused', 'thefirstrefused', String(line['reqId'])]) {
    t.match(await found({ id }), [{ reqId: line['reqId'], status: 200 }], id);
    t.equal((await found({ 'cnc-request-id': id })).length, id === line['reqId'] ? 0 : 1, id);
  }
});

t.test(
  'if both are refused the second answer is passed on, the first stays, and there is no more trying for a while',
  async (t) => {
    const both = httpAnswer('462 Refused', { 'x-cnc-request-id': 'both' }, '{"who":"next"}');
    const { upstream, gateway, metrics } = await startRotating(t, { old: REFUSED, new: both });
    const first = await send(gateway.url, { target: '/a' });
    t.match(first, { status: 462, headers: { 'x-cnc-request-id': 'both' } });
    t.equal(first.bytes.toString(), '{"who":"next"}');
    t.equal(upstream.requests.length, 2);
    for (let n = 0; n < 3; n++)
      t.match(await send(gateway.url, { target: '/a' }), { headers: { 'x-cnc-request-id': 'refused' } });
    t.equal(upstream.requests.length, 5, 'one arrival for each of the later ones');
    t.strictSame(
      upstream.requests.slice(4).flatMap((request) => valuesOf(request, 'x-cnc-accesskey')),
      ['old'],
    );
    t.equal(await unitsOf(gateway.admin), 5);
    const text = await metrics();
    t.match(text, 'cdnetworks_gateway_credential_refusals_total{account="main",credential="first"} 4');
    t.match(text, 'cdnetworks_gateway_credential_refusals_total{account="main",credential="next"} 1');
    t.match(text, 'cdnetworks_gateway_credential_switches_total{account="main"} 0\n');
  },
);

t.test("without a unit for a second call the vendor's own answer is passed on untouched", async (t) => {
  const quotas = { ...WIDE, account: { quota: 1, windowMs: 300_000 } };
  const { upstream, gateway } = await startRotating(t, { old: REFUSED }, { quotas });
  const answer = await send(gateway.url, { method: 'POST', target: '/a', body: '{}' });
  t.equal(answer.status, 462);
  t.equal(answer.bytes.toString(), '{"result":"authorization is error!"}');
  t.equal(answer.headers['x-gateway-error'], undefined);
  t.match(answer.headers, { 'x-cnc-request-id': 'refused', ratelimit: /^"account";r=0;/ });
  t.equal(upstream.requests.length, 1);
  t.equal(await unitsOf(gateway.admin), 1);
});

t.test('a refusal without a body, of a HEAD, is passed on as well', async (t) => {
  const quotas = { ...WIDE, account: { quota: 1, windowMs: 300_000 } };
  const { gateway } = await startRotating(t, { old: httpAnswer('401 No', { 'content-length': '9' }) }, { quotas });
  t.match(await send(gateway.url, { method: 'HEAD', target: '/a' }), {
    status: 401,
    headers: { 'content-length': '9' },
  });
});

t.test('a HEAD is sent a second time', async (t) => {
  const { upstream, gateway } = await startRotating(t, {
    old: httpAnswer('401 No', { 'content-length': '9' }),
    new: httpAnswer('200 OK', { 'content-length': '7' }),
  });
  t.match(await send(gateway.url, { method: 'HEAD', target: '/a' }), {
    status: 200,
    headers: { 'content-length': '7' },
  });
  t.equal(upstream.requests.length, 2);
});

t.test('an account without a next credential passes refusals on', async (t) => {
  const upstream = await startRawUpstream();
  t.teardown(upstream.close);
  upstream.answerWith(REFUSED);
  const gateway = await startConfigured(configAt(upstream.origin));
  t.teardown(() => gateway.drain());
  t.equal((await send(gateway.url, { target: '/a' })).status, 462);
  t.equal(upstream.requests.length, 1);
});

t.test('what the vendor says of anything but the credential is no reason to send again', async (t) => {
  for (const status of [400, 403, 404, 446, 500, 503]) {
    const { upstream, gateway } = await startRotating(t, { old: httpAnswer(`${status} No`, {}, '{}') });
    t.equal((await send(gateway.url, { target: `/s${status}` })).status, status);
    t.equal(upstream.requests.length, 1);
  }
});

t.test('what the vendor says of the call itself means that the next credential was taken', async (t) => {
  const { upstream, gateway, metrics } = await startRotating(t, { old: REFUSED, new: httpAnswer('404 No', {}, '{}') });
  t.equal((await send(gateway.url, { target: '/a' })).status, 404);
  t.equal((await send(gateway.url, { target: '/b' })).status, 404);
  t.equal(upstream.requests.length, 3);
  t.match(await metrics(), 'cdnetworks_gateway_credential_switches_total{account="main"} 1');
});

t.test('a balancer that is busy or throttles does not bind the account to the next credential', async (t) => {
  const { upstream, gateway, metrics } = await startRotating(t, {
    old: REFUSED,
    new: httpAnswer('503 Busy', {}, '{}'),
  });
  t.equal((await send(gateway.url, { target: '/a' })).status, 503);
  upstream.answerWith(httpAnswer('200 OK', {}, '{}'));
  t.equal((await send(gateway.url, { target: '/b' })).status, 200);
  t.match(upstream.requests.at(-1)?.bytes.toString(), /Credential=old/, 'the first, which was refused for once');
  t.match(await metrics(), 'cdnetworks_gateway_credential_switches_total{account="main"} 0\n');
});
