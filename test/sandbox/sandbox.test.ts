import t from 'tap';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import { call, send } from './client-answer.ts';
import { accessKeyHeaders, apiKeyHeaders } from './client-request.ts';

/** A clock that moves only when told to. */
function turnableClock() {
  const start = Date.parse('2026-01-01T00:00:00Z');
  let elapsedMs = 0;
  return {
    wall: () => start + elapsedMs,
    monotonic: () => elapsedMs,
    turn: (ms: number) => {
      elapsedMs += ms;
    },
  };
}

t.test('serves the demo credentials of both schemes when it is given none', async (t) => {
  const sandbox = await startSandbox({});
  t.teardown(sandbox.close);
  t.equal((await call(sandbox.origin, { target: '/api/domain' })).status, 200);
  t.equal((await send(sandbox.origin, { target: '/api/domain', headers: apiKeyHeaders() })).status, 200);
  const dated = apiKeyHeaders({ dateHeader: 'x-cnc-date' });
  t.equal((await send(sandbox.origin, { target: '/api/domain', headers: dated })).status, 200);
  t.match(sandbox.report(), {
    verified: 3,
    accounts: { 'sandbox-access-key': { arrivals: 1 }, 'sandbox-user': { arrivals: 2 } },
  });
});

t.test('knows only the credentials it is given', async (t) => {
  const sandbox = await startSandbox({ accessKeys: { ours: 'secret' } });
  t.teardown(sandbox.close);
  t.equal((await call(sandbox.origin, { target: '/x', accessKey: 'ours', secretKey: 'secret' })).status, 200);
  t.equal((await call(sandbox.origin, { target: '/x' })).status, 462);
  t.equal((await send(sandbox.origin, { target: '/x', headers: apiKeyHeaders() })).status, 401);
});

t.test('every answer has a request id of its own and the date, a refusal too', async (t) => {
  const clock = turnableClock();
  const { origin, close } = await startSandbox({ clock });
  t.teardown(close);
  const answers = [await send(origin, { target: '/x' }), await call(origin, { target: '/x' })];
  t.same(
    answers.map(({ status, headers }) => [status, headers['date']]),
    [
      [401, 'Thu, 01 Jan 2026 00:00:00 GMT'],
      [462, 'Thu, 01 Jan 2026 00:00:00 GMT'],
    ],
  );
  const ids = answers.map(({ headers }) => String(headers['x-cnc-request-id']));
  t.ok(ids.every((id) => /^[0-9a-f]{32}$/.test(id)) && ids[0] !== ids[1]);
});

t.test('refuses in the words of the vendor, counts the cause and spends no quota', async (t) => {
  const sandbox = await startSandbox({});
  t.teardown(sandbox.close);
  const { origin } = sandbox;
  const headers = accessKeyHeaders({ target: '/x', host: new URL(origin).host });
  t.equal((await send(origin, { target: '/x', headers })).status, 200);
  const replayed = await send(origin, { target: '/x', headers });
  t.equal(replayed.status, 462);
  t.equal(String(replayed.bytes), '{"status":0,"result":"authorization is error! please check signature, accessKey!"}');
  t.match(replayed.headers['x-sandbox-cause'], /^replay: /);
  const unknown = await send(origin, { target: '/x' });
  t.equal(
    String(unknown.bytes),
    '{"status":0,"result":"The HTTP authorization header is bad: account name does not exist."}',
  );
  await call(origin, { target: '/x?a=b+c' });
  t.match(sandbox.report(), {
    arrivals: 4,
    verified: 1,
    refused: { replay: 1, 'no-credentials': 1, ambiguous: 1 },
    throttled: 0,
    accounts: { 'sandbox-access-key': { arrivals: 1, worstWindow: 1 } },
  });
});

t.test('lets 30 of 40 calls of one interface through at once, and more after the window', async (t) => {
  const clock = turnableClock();
  const sandbox = await startSandbox({ clock });
  t.teardown(sandbox.close);
  const timestamp = (index: number) => String(Math.floor(clock.wall() / 1000) - index);
  const flood = () =>
    Promise.all(
      Array.from({ length: 40 }, (_, i) => call(sandbox.origin, { target: '/api/domain', timestamp: timestamp(i) })),
    );
  const answers = await flood();
  const refused = answers.filter(({ status }) => status === 446);
  t.equal(answers.filter(({ status }) => status === 200).length, 30);
  t.equal(refused.length, 10);
  t.match(JSON.parse(String(refused[0]?.bytes)), { code: 'WPLUS_AccountApiTooFrequence', message: /interface/ });
  t.match(sandbox.report(), {
    throttled: 10,
    interfaces: { 'sandbox-access-key': { 'GET /api/domain': { arrivals: 40, worstWindow: 40 } } },
  });
  clock.turn(300_000);
  t.equal((await flood()).filter(({ status }) => status === 200).length, 30);
});

t.test('keys of one account spend one quota', async (t) => {
  const sandbox = await startSandbox({
    accountOf: { 'sandbox-access-key': 'customer', 'sandbox-user': 'customer' },
    quota: { account: 2, interface: 2, windowMs: 60_000 },
  });
  t.teardown(sandbox.close);
  t.equal((await call(sandbox.origin, { target: '/a' })).status, 200);
  t.equal((await send(sandbox.origin, { target: '/b', headers: apiKeyHeaders() })).status, 200);
  t.equal((await call(sandbox.origin, { target: '/c' })).status, 446);
  t.same(sandbox.report().accounts, { customer: { arrivals: 3, worstWindow: 3 } });
});

t.test('counts what should never reach the vendor, and answers all the same', async (t) => {
  const sandbox = await startSandbox({});
  t.teardown(sandbox.close);
  const leaked = {
    cookie: 'a=b',
    'x-forwarded-for': '::1',
    te: 'trailers',
    prefer: 'wait=5',
    expect: 'something',
    'proxy-connection': 'x',
    date: 'Thu, 01 Jan 2026 00:00:00 GMT',
    'x-cnc-date': 'Thu, 01 Jan 2026 00:00:00 GMT',
    apikey: 'x',
    'x-api-key': 'x',
    'x-internal-token': 'x',
    'on-behalf-of': 'x',
    'report-range': 'x',
  };
  t.equal((await call(sandbox.origin, { target: '/x' }, leaked)).status, 200);
  t.same(sandbox.report().leakedHeaders, Object.fromEntries(Object.keys(leaked).map((name) => [name, 1])));
  sandbox.reset();
  for (const dateHeader of ['date', 'x-cnc-date']) {
    await send(sandbox.origin, { target: '/x', headers: apiKeyHeaders({ dateHeader }) });
  }
  t.same(sandbox.report().leakedHeaders, {}, 'an API key needs its date');
});

t.test('a delay comes after the request is counted', async (t) => {
  const sandbox = await startSandbox({});
  sandbox.behave({ delayMs: 3_600_000, jitterMs: 1 });
  const answer = call(sandbox.origin, { target: '/x' });
  while (sandbox.report().verified === 0) await new Promise(setImmediate);
  t.match(sandbox.report().accounts, { 'sandbox-access-key': { arrivals: 1 } });
  await sandbox.close();
  await t.rejects(answer, { code: 'ECONNRESET' });
});

t.test('a rule has no say over requests that are refused or throttled', async (t) => {
  const sandbox = await startSandbox({ quota: { account: 9, interface: 1, windowMs: 60_000 } });
  t.teardown(sandbox.close);
  sandbox.behave({ status: 503, times: 2 });
  const targets = ['/x?a=b+c', '/x', '/x', '/y', '/z'];
  const statuses: number[] = [];
  for (const target of targets) statuses.push((await call(sandbox.origin, { target })).status);
  t.same(statuses, [462, 503, 446, 503, 200]);
});

t.test('reset forgets counts, windows, used signatures and rules', async (t) => {
  const sandbox = await startSandbox({ quota: { account: 1, interface: 1, windowMs: 60_000 } });
  t.teardown(sandbox.close);
  const { origin } = sandbox;
  const headers = accessKeyHeaders({ target: '/x', host: new URL(origin).host });
  sandbox.behave({ status: 503 });
  t.equal((await send(origin, { target: '/x', headers })).status, 503);
  sandbox.reset();
  t.same(sandbox.report(), {
    arrivals: 0,
    verified: 0,
    refused: {},
    throttled: 0,
    leakedHeaders: {},
    accounts: {},
    interfaces: {},
  });
  t.equal((await send(origin, { target: '/x', headers })).status, 200);
});
