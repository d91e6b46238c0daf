// Keys that are changed while calls go on: what the vendor refuses of the first credential is sent once more with the next one.
import type { Socket } from 'node:net';
import t, { type Test } from 'tap';
import type { Account } from '../../src/catalog/account.ts';
import { Secret } from '../../src/catalog/secret.ts';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import { type ClientAnswer, send } from '../sandbox/client-answer.ts';
import { accountsAt, configAt, startConfigured, WIDE } from '../support/gateway.ts';
import { httpAnswer, startRawUpstream, valuesOf, type WireAnswer } from '../support/raw-upstream.ts';

const accessKey = (name: string) =>
  ({ type: 'access-key', accessKey: name, secretKey: new Secret(`secret of ${name}`) }) as const;
const apiKey = (name: string) =>
  ({ type: 'api-key', username: name, apiKey: new Secret(`secret of ${name}`) }) as const;
const REFUSED = httpAnswer('462 Refused', { 'x-cnc-request-id': 'refused' }, '{"result":"authorization is error!"}');
const TAKEN = httpAnswer('200 OK', { 'x-cnc-request-id': 'taken' }, '{"taken":true}');

/** A gateway whose account has two credentials. */
async function start(t: Test, origin: string, account: Partial<Account> = {}) {
  const accounts = accountsAt(origin);
  const main = accounts.get('main');
  if (main === undefined) throw new Error('no account');
  accounts.set('main', { ...main, credential: accessKey('old'), nextCredential: accessKey('new'), ...account });
  const config = configAt(origin, { accounts });
  const gateway = await startConfigured(config);
  t.teardown(() => gateway.drain());
  const metrics = async () => (await fetch(`${gateway.admin}/metrics`)).text();
  return { gateway, config, metrics };
}

/** The same in front of an upstream whose answer depends on who signed. */
async function startRaw(t: Test, answers: Record<string, WireAnswer>, account: Partial<Account> = {}) {
  const upstream = await startRawUpstream();
  t.teardown(upstream.close);
  upstream.answerWith((socket, request) => {
    const [authorization = ''] = valuesOf(request, 'authorization');
    const [, answer = TAKEN] = Object.entries(answers).find(([key]) => authorization.includes(`=${key},`)) ?? [];
    if (typeof answer === 'function') answer(socket, request);
    else socket.write(answer);
  });
  return { upstream, ...(await start(t, upstream.origin, account)) };
}

async function unitsOf(admin: string): Promise<number> {
  const report = (await (await fetch(`${admin}/quota?account=main`)).json()) as {
    partitions: { partition: string; policies: { used: number }[] }[];
  };
  return report.partitions.find(({ partition }) => partition === 'account')?.policies[0]?.used ?? 0;
}

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
    const { gateway, metrics } = await start(t, sandbox.origin, credentials);
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

t.test('what is sent a second time is the same request, with a signature of its own', async (t) => {
  const { upstream, gateway } = await startRaw(t, { old: REFUSED });
  const body = Buffer.alloc(3 * 1024 * 1024, 'é');
  t.equal((await send(gateway.url, { method: 'POST', target: '/a?b=c%20d', body })).status, 200);
  const [one, two] = upstream.requests;
  if (one === undefined || two === undefined) return void t.fail('not two arrivals');
  t.strictSame([two.method, two.target], [one.method, one.target]);
  t.ok(two.body.equals(body) && one.body.equals(body));
  t.strictSame(valuesOf(two, 'x-cnc-accesskey'), ['new']);
  t.not(valuesOf(two, 'authorization')[0], valuesOf(one, 'authorization')[0]);
});

t.test(
  'if both are refused the second answer is passed on, the first stays, and there is no more trying for a while',
  async (t) => {
    const both = httpAnswer('462 Refused', { 'x-cnc-request-id': 'both' }, '{"who":"next"}');
    const { upstream, gateway, metrics } = await startRaw(t, { old: REFUSED, new: both });
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
    t.notMatch(text, /credential_switches_total\{/);
  },
);

t.test("without a unit for a second call the vendor's own answer is passed on untouched", async (t) => {
  const quotas = { ...WIDE, account: { quota: 1, windowMs: 300_000 } };
  const { upstream, gateway } = await startRaw(t, { old: REFUSED }, { quotas });
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
  const { gateway } = await startRaw(t, { old: httpAnswer('401 No', { 'content-length': '9' }) }, { quotas });
  t.match(await send(gateway.url, { method: 'HEAD', target: '/a' }), {
    status: 401,
    headers: { 'content-length': '9' },
  });
});

t.test('a HEAD is sent a second time', async (t) => {
  const { upstream, gateway } = await startRaw(t, {
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
    const { upstream, gateway } = await startRaw(t, { old: httpAnswer(`${status} No`, {}, '{}') });
    t.equal((await send(gateway.url, { target: `/s${status}` })).status, status);
    t.equal(upstream.requests.length, 1);
  }
});

t.test('any answer that is no refusal means that the next credential was taken', async (t) => {
  const { upstream, gateway, metrics } = await startRaw(t, { old: REFUSED, new: httpAnswer('503 Busy', {}, '{}') });
  t.equal((await send(gateway.url, { target: '/a' })).status, 503);
  t.equal((await send(gateway.url, { target: '/b' })).status, 503);
  t.equal(upstream.requests.length, 3);
  t.match(await metrics(), 'cdnetworks_gateway_credential_switches_total{account="main"} 1');
});

t.test('a key that is revoked while 64 callers are calling costs none of them a call', async (t) => {
  let revoked = false;
  const { upstream, gateway, metrics } = await startRaw(t, {
    old: (socket) => void socket.write(revoked ? REFUSED : TAKEN),
  });
  let sent = 0;
  const statuses: number[] = [];
  const callers = Array.from({ length: 64 }, async (_, caller) => {
    while (sent < 2000) {
      sent += 1;
      revoked = sent > 1000;
      const method = caller % 2 === 0 ? 'GET' : 'PUT';
      statuses.push((await send(gateway.url, { method, target: `/n${caller}` })).status);
    }
  });
  await Promise.all(callers);
  t.strictSame([...new Set(statuses)], [200]);
  const refused = upstream.requests.length - statuses.length;
  t.ok(refused >= 1 && refused <= 64, `${refused} were sent twice`);
  t.equal(await unitsOf(gateway.admin), upstream.requests.length, 'each arrival has its unit');
  const text = await metrics();
  t.match(text, `cdnetworks_gateway_credential_refusals_total{account="main",credential="first"} ${refused}`);
  t.match(text, 'cdnetworks_gateway_credential_switches_total{account="main"} 1');
});

const ENDLESS = Buffer.concat([httpAnswer('462 Refused', { 'content-length': '99999999' }), Buffer.alloc(1024 * 1024)]);
for (const [what, old] of [
  ['whose body never ends', ENDLESS],
  ['whose connection is reset at once', (socket: Socket) => void socket.write(REFUSED, () => socket.resetAndDestroy())],
  ['whose connection is closed', (socket: Socket) => void socket.end(REFUSED)],
  ['with more before it', Buffer.concat([Buffer.from('HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n'), REFUSED])],
] as const) {
  t.test(`64 refusals at once ${what} cost one answer each, and no connection stays`, async (t) => {
    const { upstream, gateway } = await startRaw(t, { old });
    const calls = Array.from({ length: 64 }, (_, n) =>
      send(gateway.url, { method: 'PUT', target: `/n${n}`, body: '{}' }),
    );
    const answers: ClientAnswer[] = await Promise.all(calls);
    // A reset may overtake the answer before it: then that is all there is to know.
    const lost = answers.filter(({ headers }) => headers['x-gateway-error'] === 'upstream-reset').length;
    t.equal(answers.filter(({ status }) => status === 200).length, 64 - lost);
    t.ok(lost === 0 || what.includes('reset'), `${lost} lost`);
    t.equal(await unitsOf(gateway.admin), upstream.requests.length, 'each arrival has its unit');
    t.equal((await send(gateway.url, { target: '/after' })).status, 200);
    t.ok(await gateway.drain(), 'nothing is under way any more');
    await upstream.until(() => upstream.openConnections() === 0);
  });
}

for (const [what, answer, told] of [
  ['is reset', (socket: Socket) => socket.resetAndDestroy(), 502],
  ['has no status of HTTP', httpAnswer('999 What', {}, '{}'), 502],
] as const) {
  t.test(`a second call that ${what} is answered for as any other`, async (t) => {
    const { upstream, gateway } = await startRaw(t, { old: REFUSED, new: answer as WireAnswer });
    t.match(await send(gateway.url, { target: '/a' }), {
      status: told,
      headers: { 'x-gateway-error': 'upstream-reset' },
    });
    t.equal(upstream.requests.length, 2);
    t.match(gateway.log.at(-1), { outcome: 'unknown', credential: 'next' });
  });
}

t.test('callers that leave before either answer settle everything, and lose nobody else a call', async (t) => {
  const waiting: Socket[] = [];
  const hold = (socket: Socket) => void waiting.push(socket);
  for (const [old, next] of [
    [hold, TAKEN],
    [REFUSED, hold],
  ] as const) {
    const { upstream, gateway } = await startRaw(t, { old, new: next });
    const leaving = new AbortController();
    const calls = Array.from({ length: 20 }, (_, n) => fetch(`${gateway.url}/n${n}`, { signal: leaving.signal }));
    const expected = waiting.length + 20;
    await upstream.until(() => waiting.length === expected);
    leaving.abort();
    await Promise.allSettled(calls);
    for (const socket of waiting.splice(0)) socket.write(next === TAKEN ? REFUSED : TAKEN);
    t.ok(await gateway.drain(), 'nothing is under way any more');
    const spent = gateway.log.filter(({ msg }) => msg === 'request completed').length;
    t.equal(spent, 20, 'one line each');
  }
});

t.test('a stop breaks off a second call like any other', async (t) => {
  const { upstream, gateway } = await startRaw(t, { old: REFUSED, new: () => {} }, {});
  const underWay = send(gateway.url, { target: '/a' });
  await upstream.until(() => upstream.requests.length === 2);
  t.notOk(await gateway.drain());
  t.match(await underWay, { status: 502 });
});

t.test(
  'a reload that says the same of the account keeps the next credential; one that changes it begins anew',
  async (t) => {
    const { upstream, gateway, config } = await startRaw(t, { old: REFUSED });
    await send(gateway.url, { target: '/a' });
    const { anonymous, ...rest } = config;
    t.equal(
      await gateway.reload(() => ({ ...rest, anonymous: { account: 'main', allow: ['*'], waitMs: 1 } })),
      'applied',
    );
    t.equal((await send(gateway.url, { target: '/b' })).status, 200);
    t.equal(upstream.requests.length, 3, 'the next one at once');
    const main = config.accounts.get('main');
    if (main === undefined) throw new Error('no account');
    const changed = { ...main, credential: accessKey('newest') };
    const accounts = new Map([...config.accounts, ['main', changed]]);
    t.equal(await gateway.reload(() => ({ ...config, accounts })), 'applied');
    t.equal((await send(gateway.url, { target: '/c' })).status, 200);
    t.strictSame(
      upstream.requests.map((request) => valuesOf(request, 'x-cnc-accesskey')[0]),
      ['old', 'new', 'new', 'newest'],
    );
  },
);
