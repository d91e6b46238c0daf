// What may go wrong while a refused call is sent once more: no call hangs, none settles twice, and no connection stays behind.
import type { Socket } from 'node:net';
import t from 'tap';
import { type ClientAnswer, send } from '../sandbox/client-answer.ts';
import { httpAnswer, valuesOf, type WireAnswer } from '../support/raw-upstream.ts';
import { accessKey, REFUSED, startRotating, TAKEN, unitsOf } from '../support/two-credentials.ts';

t.jobs = 4; // They mostly wait, each for itself.

t.test('a key that is revoked while 64 callers are calling costs none of them a call', async (t) => {
  let revoked = false;
  const { upstream, gateway, metrics } = await startRotating(t, {
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
    const { upstream, gateway } = await startRotating(t, { old });
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
    const { upstream, gateway } = await startRotating(t, { old: REFUSED, new: answer as WireAnswer });
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
    const { upstream, gateway } = await startRotating(t, { old, new: next });
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
  const { upstream, gateway } = await startRotating(t, { old: REFUSED, new: () => {} }, {});
  const underWay = send(gateway.url, { target: '/a' });
  await upstream.until(() => upstream.requests.length === 2);
  t.notOk(await gateway.drain());
  t.match(await underWay, { status: 502 });
});

t.test(
  'a reload that says the same of the account keeps the next credential; one that changes it begins anew',
  async (t) => {
    const { upstream, gateway, config } = await startRotating(t, { old: REFUSED });
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
