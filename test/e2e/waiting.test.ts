// Callers that would rather wait for their units than get a 429.
import { hash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import t from 'tap';
import { LIMITS } from '../support/gateway.ts';
import { patient, startWaiting, WINDOW_MS } from '../support/waiting-gateway.ts';

t.jobs = 4; // They mostly wait, each for itself.

t.test('callers that wait are sent in order of arrival, each when its unit is free', async (t) => {
  const { sandbox, call, untilWaiting, metric, lines } = await startWaiting(t, { quota: 5 });
  for (let n = 0; n < 5; n++) {
    t.equal((await call(`/api/domain?${n}`)).status, 200);
    await pause(100);
  }
  const answered: number[] = [];
  const calls: Promise<unknown>[] = [];
  for (let n = 0; n < 5; n++) {
    const waiter = async () => {
      const response = await call(`/api/domain?waiter=${n}`, patient);
      answered.push(n);
      t.equal(response.status, 200);
      t.equal(response.headers.get('preference-applied'), 'wait=60');
      t.match(response.headers.get('ratelimit'), /"interface";r=0/);
    };
    calls.push(waiter());
    await untilWaiting(n + 1);
  }
  await Promise.all(calls);

  t.strictSame(answered, [0, 1, 2, 3, 4]);
  const [spent, ...waited] = [lines().slice(0, 5), ...lines().slice(5)];
  t.notOk(
    spent.some((line) => 'waitedMs' in line),
    'those that found a unit did not wait',
  );
  for (const line of waited) {
    t.match(line, { decision: 'admitted', outcome: 'sent', res: { statusCode: 200 }, waitedMs: Number });
    t.ok(Number(line['waitedMs']) > 0 && Number(line['waitedMs']) < WINDOW_MS + 20, `${line['waitedMs']} ms`);
    t.ok(Number(line['responseTime']) > Number(line['waitedMs']));
  }
  t.equal(await metric(/^cdnetworks_gateway_waiting (\d+)$/m), 0);
  t.equal(await metric(/^cdnetworks_gateway_wait_duration_seconds_count\{interface="GET \/api\/domain"\} (\d+)$/m), 5);
  const report = sandbox.report();
  t.equal(report.throttled, 0);
  t.equal(report.verified, 10);
  t.strictSame(report.leakedHeaders, {}, 'the preference stays inside');
});

t.test('callers that never stop asking, and wait when they must, fill no window beyond the quota', async (t) => {
  const { sandbox, call, lines } = await startWaiting(t, { quota: 6 });
  sandbox.behave({ jitterMs: 300 });
  const until = performance.now() + 4 * WINDOW_MS;
  const statuses = new Map<number, number>();
  const worker = async (name: number) => {
    while (performance.now() < until) {
      const { status } = await call(`/api/domain?worker=${name}`, name % 3 === 0 ? {} : { prefer: `wait=${name % 3}` });
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      if (status === 429) await pause(20);
    }
  };
  await Promise.all(Array.from({ length: 20 }, (_, name) => worker(name)));

  t.comment(JSON.stringify([...statuses]));
  const report = sandbox.report();
  t.equal(report.throttled, 0);
  t.strictSame(report.refused, {});
  const [domain] = Object.values(Object.values(report.interfaces)[0] ?? {});
  t.ok(domain !== undefined && domain.worstWindow <= 6, `worst window ${domain?.worstWindow}`);
  t.ok(report.verified > 12, `${report.verified} were sent`);
  t.ok(
    lines().some((line) => 'waitedMs' in line && line['outcome'] === 'sent'),
    'some of them after a wait',
  );
});

t.test('a caller that leaves frees its place, and its log line says how long it had waited', async (t) => {
  const { sandbox, call, spend, untilWaiting, lines } = await startWaiting(t, { quota: 1 });
  await spend(1);
  const leaving = new AbortController();
  const left = call('/api/domain?left', patient, leaving.signal).catch((error: Error) => error.name);
  await untilWaiting(1);
  leaving.abort();
  t.equal(await left, 'AbortError');
  await untilWaiting(0);

  t.equal((await call('/api/domain?next', { prefer: 'wait=2' })).status, 200, 'two behind one would wait for longer');

  const [, gone] = lines();
  t.match(gone, { left: true, res: { statusCode: 499 }, waitedMs: Number });
  t.notOk('outcome' in (gone ?? {}));
  t.equal(sandbox.report().verified, 2, 'the one that left was never sent');
});

t.test('when the vendor says stop, those that wait are not sent before it may be asked again', async (t) => {
  const { sandbox, call, spend, untilWaiting, lines } = await startWaiting(t, { quota: 2 });
  await spend(1);
  sandbox.behave({ times: 1, status: 446, headers: { 'retry-after': '3' }, delayMs: 500 });
  const throttled = call('/api/domain?throttled');
  while (sandbox.report().verified < 2) await pause(5);
  const waits = call('/api/domain?waits', patient);
  await untilWaiting(1);

  t.equal((await throttled).status, 446);
  t.equal((await waits).status, 200);
  const { waitedMs } = lines()[2] ?? {};
  t.ok(Number(waitedMs) > 3000, `${waitedMs} ms, where its unit was free after ${WINDOW_MS}`);
});

t.test('a wait that would be longer than allowed is refused at once, and spends nothing', async (t) => {
  const { call, spend, untilWaiting } = await startWaiting(t, { quota: 1 });
  await spend(1);
  const waits = call('/api/domain?waits', { prefer: 'wait=2' });
  await untilWaiting(1);

  const before = performance.now();
  const refused = await call('/api/domain?refused', { prefer: 'wait=2' });

  t.equal(refused.status, 429);
  t.equal(refused.headers.get('x-gateway-error'), 'quota-exceeded');
  t.ok(Number(refused.headers.get('retry-after')) > 2);
  t.equal(refused.headers.get('preference-applied'), 'wait=2', 'it was heard, and is too short');
  t.ok(performance.now() - before < 1000);
  t.equal((await waits).status, 200);
});

t.test('the answer says how far a preference is applied, whether or not the request had to wait', async (t) => {
  const { call } = await startWaiting(t, { quota: 99, limits: { ...LIMITS, waitMs: 90_000 } });
  const applied = async (prefer: string) => (await call('/api/domain', { prefer })).headers.get('preference-applied');

  t.equal(await applied('wait=60'), 'wait=60');
  t.equal(await applied('respond-async, WAIT = "60"; x=y'), 'wait=60');
  t.equal(await applied('wait=600'), 'wait=90', 'not beyond limits.wait');
  t.equal(await applied('wait=0'), 'wait=0');
  t.equal(await applied('wait=long'), null);
  t.equal(await applied('return=minimal'), null);
});

t.test('a consumer with a wait of its own waits without asking, unless it asks not to', async (t) => {
  const token = 'a-token-of-a-test-0123456789';
  const { call, spend } = await startWaiting(t, {
    quota: 1,
    consumers: [
      { name: 'terraform', tokenSha256: hash('sha256', token), accounts: ['main'], allow: ['*'], waitMs: 60_000 },
    ],
  });
  await spend(1);
  const authorization = `Bearer ${token}`;

  t.equal((await call('/api/domain?anonymous')).status, 429, 'others do not wait');
  t.equal((await call('/api/domain?off', { authorization, prefer: 'wait=0' })).status, 429);
  const response = await call('/api/domain?waits', { authorization });
  t.equal(response.status, 200);
  t.equal(response.headers.get('preference-applied'), null, 'it had no preference');
});

t.test(
  'beyond limits.waiting a request is one that does not wait; those that wait leave limits.inFlight alone',
  async (t) => {
    const { call, spend, untilWaiting } = await startWaiting(t, {
      quota: 1,
      limits: { ...LIMITS, waiting: 1, inFlight: 1 },
    });
    await spend(1);
    const waits = call('/api/domain?waits', patient);
    await untilWaiting(1);

    const refused = await call('/api/domain?refused', patient);
    t.equal(refused.status, 429);
    t.equal(refused.headers.get('preference-applied'), null);
    const free = await call('/cdn/purges', patient);
    t.equal(free.status, 200, 'where there are units nobody has to wait');
    t.equal(free.headers.get('preference-applied'), null);

    t.equal((await waits).status, 200);
  },
);

t.test('on shutdown those that wait are told so at once, and nothing of theirs is sent', async (t) => {
  const { gateway, sandbox, call, spend, untilWaiting, lines } = await startWaiting(t, { quota: 1 });
  await spend(1);
  const waits = call('/api/domain?waits', patient);
  await untilWaiting(1);

  const drained = gateway.drain();

  const response = await waits;
  t.equal(response.status, 503);
  t.equal(response.headers.get('x-gateway-error'), 'shutting-down');
  t.equal(response.headers.get('retry-after'), '1');
  t.ok(await drained, 'everything could finish');
  t.match(lines()[1], { reason: 'shutting-down', waitedMs: Number });
  t.equal(sandbox.report().verified, 1);
});
