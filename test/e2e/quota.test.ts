import { hash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { parseList } from 'structured-headers';
import t from 'tap';
import type { Quotas } from '../../src/quota/policy.ts';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import { accountsAt, startTestGateway, WIDE } from '../support/gateway.ts';

const vendorsQuotas: Quotas = {
  ...WIDE,
  account: { quota: 300, windowMs: 300_000 },
  interface: { quota: 30, windowMs: 300_000 },
  documentedLimits: 'tighten',
};

async function start(t: { teardown(after: () => unknown): void }, quotas = vendorsQuotas) {
  const sandbox = await startSandbox({});
  const gateway = await startTestGateway(sandbox.origin, { quotas });
  t.teardown(async () => {
    await gateway.drain();
    await sandbox.close();
  });
  return { sandbox, gateway };
}

t.jobs = 4; // They mostly wait, each for itself.

t.test('the 31st call of an interface is refused here, the vendor has seen 30', async (t) => {
  const { sandbox, gateway } = await start(t);
  for (let n = 0; n < 30; n++) {
    const response = await fetch(`${gateway.url}/api/domain?n=${n}`);
    t.equal(response.status, 200);
    t.match(response.headers.get('x-cnc-request-id'), /^[0-9a-f]{32}$/);
  }
  const refused = await fetch(`${gateway.url}/api/domain`);
  t.equal(refused.status, 429);
  t.equal(refused.headers.get('x-gateway-error'), 'quota-exceeded');
  t.equal(refused.headers.get('content-type'), 'application/problem+json');
  t.ok(Number(refused.headers.get('retry-after')) > 290);
  t.match(await refused.json(), {
    type: 'https://iana.org/assignments/http-problem-types#quota-exceeded',
    status: 429,
    code: 'quota-exceeded',
    message: /GET \/api\/domain/,
    'violated-policies': ['interface'],
    request_id: String,
  });
  t.equal(sandbox.report().arrivals, 30);
  t.equal((await fetch(`${gateway.url}/cdn/purges`)).status, 200, 'another interface still has its own');
});

t.test('no spelling of a path gets a 31st call', async (t) => {
  const { sandbox, gateway } = await start(t);
  const spellings = [
    '/api/domain/a',
    '/api/%64omain/b',
    '/api/domain/c',
    '/api/domain/d/',
    '/api/domain;x/e',
    '/api/domain/f;y',
  ];
  const statuses: number[] = [];
  for (let n = 0; n < 40; n++) {
    const response = await fetch(`${gateway.url}${spellings[n % spellings.length]}?n=${n}`);
    statuses.push(response.status);
    await response.arrayBuffer();
  }
  t.equal(statuses.filter((status) => status === 429).length, 10);
  t.equal(sandbox.report().arrivals, 30);
  for (const empty of ['/api/domain/;x', '/api/domain/%3Bx', '/api/;/domain/a']) {
    t.equal((await fetch(gateway.url + empty)).status, 400, `${empty} could be taken for two`);
  }
  t.equal(sandbox.report().arrivals, 30);
});

t.test('every answer says which quotas hold and what is left, in the syntax of the IETF draft', async (t) => {
  const { gateway } = await start(t);
  const response = await fetch(`${gateway.url}/ccm/fetch/ItemIdQuery`, { method: 'POST', body: '{}' });
  const policies = parseList(response.headers.get('ratelimit-policy') ?? '');
  t.strictSame(
    policies.map(([name, parameters]) => [name, Object.fromEntries(parameters)]),
    [
      ['account', { q: 300, w: 300 }],
      ['interface', { q: 1, w: 300 }],
    ],
    'with the limit that the vendor documents for this interface',
  );
  const left = parseList(response.headers.get('ratelimit') ?? '');
  t.match(
    left.map(([name, parameters]) => [name, Object.fromEntries(parameters)]),
    [
      ['account', { r: 299, t: 301 }],
      ['interface', { r: 0 }],
    ],
  );
  t.equal((await fetch(`${gateway.url}/ccm/fetch/ItemIdQuery`, { method: 'POST', body: '{}' })).status, 429);
});

t.test('Retry-After is true: waiting that long and calling again succeeds', async (t) => {
  const { gateway } = await start(t, {
    ...WIDE,
    interface: { quota: 3, windowMs: 1500 },
    account: { quota: 5, windowMs: 1700 },
    marginMs: 100,
  });
  for (let round = 0; round < 3; round++) {
    let response = await fetch(`${gateway.url}/api/domain?round=${round}`);
    while (response.status === 200) response = await fetch(`${gateway.url}/api/domain?round=${round}`);
    const seconds = Number(response.headers.get('retry-after'));
    t.ok(seconds >= 1 && seconds <= 2, `Retry-After: ${seconds}`);
    await pause(seconds * 1000);
    t.equal((await fetch(`${gateway.url}/api/domain?round=${round}&again`)).status, 200);
  }
});

t.test('a vendor that throttles closes the interface for everyone, and not the account', async (t) => {
  const { sandbox, gateway } = await start(t, WIDE);
  sandbox.behave({
    match: { path: '/cdn/purges' },
    times: 1,
    status: 446,
    body: '{"code":"WPLUS_AccountApiTooFrequence"}',
  });
  const throttled = await fetch(`${gateway.url}/cdn/purges`);
  t.equal(throttled.status, 446);
  t.equal(throttled.headers.get('x-gateway-error'), null, 'the vendor said it');
  t.match(await throttled.json(), { code: 'WPLUS_AccountApiTooFrequence' });
  const refused = await fetch(`${gateway.url}/cdn/purges`);
  t.equal(refused.status, 429);
  t.equal(refused.headers.get('retry-after'), '30');
  t.equal((await fetch(`${gateway.url}/api/domain`)).status, 200);
  t.equal(sandbox.report().arrivals, 2);
});

t.test("the vendor's Retry-After is read in both of its forms, and believed for a day at most", async (t) => {
  const { sandbox, gateway } = await start(t, WIDE);
  const date = new Date();
  for (const [index, [retryAfter, seconds]] of [
    [new Date(date.getTime() + 40_000).toUTCString(), 40],
    ['99999999999', 86_400],
    ['Infinity', 30],
    ['1e3', 30],
    ['-5', 30],
    ['soon', 30],
  ].entries() as IterableIterator<[number, [string, number]]>) {
    const path = `/api/thing${index}`;
    const headers = { 'retry-after': retryAfter, date: date.toUTCString() };
    sandbox.behave({ match: { path }, times: 1, status: 429, headers });
    await (await fetch(gateway.url + path)).arrayBuffer();
    const refused = await fetch(gateway.url + path);
    t.equal(refused.headers.get('x-gateway-error'), 'quota-exceeded');
    t.ok(Math.abs(Number(refused.headers.get('retry-after')) - seconds) <= 1, `${retryAfter}: ${seconds} s`);
  }
});

t.test("the vendor's Retry-After is how long the interface stays closed", async (t) => {
  const { sandbox, gateway } = await start(t, WIDE);
  sandbox.behave({ match: { path: '/cdn/purges' }, times: 1, status: 429, headers: { 'retry-after': '2' } });
  t.equal((await fetch(`${gateway.url}/cdn/purges`)).status, 429);
  const refused = await fetch(`${gateway.url}/cdn/purges?2`);
  t.equal(refused.headers.get('x-gateway-error'), 'quota-exceeded');
  t.equal(refused.headers.get('retry-after'), '2');
  await pause(2000);
  t.equal((await fetch(`${gateway.url}/cdn/purges?3`)).status, 200);
});

t.test('a call that never left gives its units back, one that may have arrived keeps them', async (t) => {
  const { sandbox, gateway } = await start(t, { ...WIDE, interface: { quota: 2, windowMs: 300_000 } });
  sandbox.behave({ match: { path: '/cdn/purges' }, fault: 'reset' });
  t.equal((await fetch(`${gateway.url}/cdn/purges?1`)).status, 502);
  t.equal((await fetch(`${gateway.url}/cdn/purges?2`)).status, 502);
  t.equal((await fetch(`${gateway.url}/cdn/purges?3`)).status, 429, 'two that were reset are spent');

  const unreachable = await startTestGateway('http://127.0.0.1:1', {
    quotas: { ...WIDE, interface: { quota: 2, windowMs: 300_000 } },
  });
  t.teardown(() => unreachable.drain());
  for (let n = 0; n < 5; n++) {
    const response = await fetch(`${unreachable.url}/cdn/purges`);
    t.equal(response.headers.get('x-gateway-error'), 'upstream-unreachable', 'nothing is spent on a closed port');
  }
});

for (const { why, quotaAccount, status } of [
  { why: 'each account has its own quota', quotaAccount: 'reports', status: 200 },
  { why: 'two keys of one customer spend one quota', quotaAccount: 'main', status: 429 },
]) {
  t.test(why, async (t) => {
    const sandbox = await startSandbox({});
    const accounts = accountsAt(sandbox.origin, { ...WIDE, account: { quota: 3, windowMs: 300_000 } });
    const reports = accounts.get('reports');
    if (reports !== undefined) accounts.set('reports', { ...reports, quotaAccount });
    const token = 'a-token-of-a-test-0123456789';
    const gateway = await startTestGateway(sandbox.origin, {
      accounts,
      consumers: [{ name: 'x', tokenSha256: hash('sha256', token), accounts: ['main', 'reports'], allow: ['*'] }],
    });
    t.teardown(async () => {
      await gateway.drain();
      await sandbox.close();
    });
    const call = async (account: string, n: number) => {
      const headers = { authorization: `Bearer ${token}`, 'x-gateway-account': account };
      return (await fetch(`${gateway.url}/api/domain?n=${n}`, { headers })).status;
    };
    t.equal(await call('main', 0), 200);
    t.equal(await call('main', 1), 200);
    t.equal(await call('main', 2), 200);
    t.equal(await call('main', 3), 429);
    t.equal(await call('reports', 4), status);
  });
}
