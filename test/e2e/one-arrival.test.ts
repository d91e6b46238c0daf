// One request of a caller is at most one arrival at the vendor, whatever goes wrong, and nothing stays behind of it.
import { Agent } from 'node:http';
import type { Socket } from 'node:net';
import t from 'tap';
import type { Behaviour } from '../../src/sandbox/behaviour.ts';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import { type ClientAnswer, send } from '../sandbox/client-answer.ts';
import { startForwarding } from '../support/forwarding.ts';
import { LIMITS, startTestGateway } from '../support/gateway.ts';
import { httpAnswer } from '../support/raw-upstream.ts';

const MEGABYTE = 1024 * 1024;
const AT_ONCE = 20;

const TROUBLES: readonly (Behaviour & { readonly outcome: string; readonly answered: number | 'broken off' })[] = [
  ...[429, 446, 503].flatMap((status) =>
    [
      { status },
      { status, headers: { 'retry-after': '1' } },
      { status, headers: { 'retry-after': 'Wed, 21 Oct 2015 07:28:00 GMT' } },
      { status, bodyBytes: MEGABYTE },
      { status, bodyBytes: MEGABYTE, headers: { 'retry-after': '0' } },
    ].map((trouble) => ({ ...trouble, answered: status, outcome: status === 503 ? 'sent' : 'throttled' })),
  ),
  { fault: 'reset', answered: 502, outcome: 'unknown' },
  { fault: 'stall', answered: 504, outcome: 'unknown' },
  { fault: 'reset-mid-body', bodyBytes: MEGABYTE, answered: 'broken off', outcome: 'sent' },
  { fault: 'stall-mid-body', bodyBytes: MEGABYTE, answered: 'broken off', outcome: 'sent' },
  { fault: 'truncate', bodyBytes: MEGABYTE, answered: 'broken off', outcome: 'sent' },
];

for (const { answered, outcome, ...trouble } of TROUBLES) {
  t.test(`${JSON.stringify(trouble)} is met once per request, and the pool is healthy`, async (t) => {
    const sandbox = await startSandbox({ quota: { account: 1000, interface: 1000, windowMs: 300_000 } });
    const gateway = await startTestGateway(sandbox.origin, { limits: { ...LIMITS, upstreamTimeoutMs: 300 } });
    t.teardown(async () => {
      await gateway.drain();
      await sandbox.close();
    });
    const callAll = (path: string) =>
      Promise.all(
        Array.from({ length: AT_ONCE }, async (_, n) => {
          // An interface of its own each, because 446 and 429 close theirs. GET is what libraries like to repeat.
          const method = n % 2 === 0 ? 'GET' : 'PUT';
          const answer = await send(gateway.url, { method, target: `${path}/n${n}` }).catch(() => undefined);
          return answer?.status ?? 'broken off';
        }),
      );
    sandbox.behave({ match: { path: '/trouble' }, ...trouble });
    t.strictSame(await callAll('/trouble'), Array(AT_ONCE).fill(answered));
    t.equal(sandbox.report().arrivals, AT_ONCE);
    t.strictSame(await callAll('/fine'), Array(AT_ONCE).fill(200), 'the next ones succeed');
    t.equal(sandbox.report().arrivals, 2 * AT_ONCE);
    t.ok(await gateway.drain(), 'nothing is under way any more');
    const outcomes = gateway.log.filter((line) => 'outcome' in line).map((line) => line['outcome']);
    t.equal(outcomes.filter((told) => told === outcome).length, AT_ONCE + (outcome === 'sent' ? AT_ONCE : 0));
    const truncated = gateway.log.filter((line) => line['truncated'] === true);
    t.equal(truncated.length, answered === 'broken off' ? AT_ONCE : 0);
  });
}

t.test('a connection that the vendor closed while it was idle is replaced before anything is sent', async (t) => {
  const { upstream, gateway } = await startForwarding(t);
  upstream.answerWith((socket) => {
    socket.write(httpAnswer('200 OK', {}, '{}'));
    socket.end();
  });
  for (let n = 1; n <= 5; n++) {
    t.equal((await send(gateway.url, { target: '/a' })).status, 200);
    await upstream.until(() => upstream.openConnections() === 0);
    t.equal(upstream.requests.length, n);
    t.equal(upstream.connections(), n);
  }
});

for (const [how, close] of [
  ['in good order', (socket) => socket.end()],
  ['by a reset', (socket) => socket.resetAndDestroy()],
] as const satisfies [string, (socket: Socket) => void][]) {
  t.test(`a request on a connection that the vendor is just closing ${how} isn't repeated`, async (t) => {
    const { upstream, gateway } = await startForwarding(t);
    t.equal((await send(gateway.url, { target: '/a' })).status, 200);
    upstream.answerWith(close);
    const lost = await send(gateway.url, { target: '/b' });
    t.match(lost, { status: 502, headers: { 'x-gateway-error': 'upstream-reset' } });
    t.equal(upstream.connections(), 1, 'it was the same connection');
    t.strictSame(
      upstream.requests.map((request) => request.target),
      ['/a', '/b'],
    );
    upstream.answerWith(httpAnswer('200 OK', {}, '{}'));
    t.equal((await send(gateway.url, { target: '/c' })).status, 200);
    t.equal(upstream.requests.length, 3);
  });
}

t.test('connections that close on the heels of each answer never make two arrivals of one request', async (t) => {
  const { upstream, gateway } = await startForwarding(t);
  upstream.answerWith((socket) => socket.end(httpAnswer('200 OK', {}, '{}')));
  const agent = new Agent({ keepAlive: true });
  t.teardown(() => agent.destroy());
  const answers: ClientAnswer[] = [];
  for (let n = 0; n < 100; n++) answers.push(await send(gateway.url, { target: `/n${n}`, agent }));
  const targets = upstream.requests.map((request) => request.target);
  t.strictSame(targets, [...new Set(targets)]);
  for (const { status, headers } of answers) {
    if (status !== 200) t.match(headers, { 'x-gateway-error': /^upstream-/ });
  }
});
