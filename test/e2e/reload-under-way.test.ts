// Requests that are under way while the configuration changes: each is wholly of one.
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { text } from 'node:stream/consumers';
import t from 'tap';
import { send } from '../sandbox/client-answer.ts';
import { valuesOf, type WireRequest } from '../support/raw-upstream.ts';
import { HEADERS, secretOf, startReloading } from '../support/reloading.ts';
import { accessKeyAuthorization } from '../support/vendor-signature.ts';

/** The access key of a request, if its own secret key and no other has signed it. */
function signerOf(wire: WireRequest): string | undefined {
  const [id = ''] = valuesOf(wire, 'x-cnc-accesskey');
  const authorization = accessKeyAuthorization(wire, { id, secret: secretOf(id) });
  return valuesOf(wire, 'authorization')[0] === authorization ? id : undefined;
}

t.jobs = 4; // They mostly wait, each for itself.

t.test('a request whose body is still to come ends with what its head began with', async (t) => {
  const { call, write, sign, reload, upstream, gateway } = await startReloading(t, { quota: 1 });
  const upload = request(`${gateway.url}/upload`, {
    method: 'POST',
    headers: { ...HEADERS, 'content-length': '2', expect: '100-continue' },
  });
  upload.flushHeaders();
  await once(upload, 'continue');
  sign('second');
  write({ name: 'two', quota: 1_000_000 });
  t.equal(await reload(), 'applied');
  upload.end('{}');
  const [answer] = await once(upload, 'response');
  await text(answer);
  t.equal(answer.headers['ratelimit-policy'], '"account";q=1;w=300, "interface";q=1000000;w=300');
  t.equal((await call('/after')).status, 200);
  t.strictSame(
    upstream.requests.map((arrived) => valuesOf(arrived, 'x-cnc-accesskey')[0]),
    ['first', 'second'],
    'the access key that was read with the head',
  );
  t.match(
    gateway.log.filter((line) => 'outcome' in line),
    [
      { consumer: 'consumer-one', account: 'account-one' },
      { consumer: 'consumer-two', account: 'account-two' },
    ],
  );
});

t.test('a request that waits for quota is sent as it would have been before', async (t) => {
  const { call, write, sign, reload, upstream, gateway } = await startReloading(t, { quota: 1, window: '1s' });
  await call('/spent');
  const waiting = call('/waits', { ...HEADERS, prefer: 'wait=60' });
  const isWaiting = async () =>
    /^cdnetworks_gateway_waiting 1$/m.test(await (await fetch(`${gateway.admin}/metrics`)).text());
  while (!(await isWaiting()));
  sign('second');
  write({ name: 'two' });
  t.equal(await reload(), 'applied');
  t.match(await waiting, { status: 200, headers: { 'ratelimit-policy': /^"account";q=1;w=1,/ } });
  t.strictSame(
    upstream.requests.map((arrived) => valuesOf(arrived, 'x-cnc-accesskey')[0]),
    ['first', 'first'],
  );
  t.match(gateway.log.at(-1), { consumer: 'consumer-one', account: 'account-one', waitedMs: Number });
});

t.test(
  '200 reloads while 64 connections are calling: none fails, and each is wholly of one configuration',
  async (t) => {
    const RELOADS = 200;
    const CONNECTIONS = 64;
    const generation = (n: number) => ({ name: `g${n % 7}`, quota: 1_000_000 + (n % 7) });
    const { write, sign, reload, upstream, gateway } = await startReloading(t, generation(0));
    sign('g0');
    t.equal(await reload(), 'applied');
    const answers = new Map<string, { status: number; policy: string }>();
    let done = false;
    let calls = 0;
    const call = async (agent: Agent) => {
      const target = `/n${calls++}`;
      const { status, headers } = await send(gateway.url, { target, headers: HEADERS, agent });
      answers.set(target, { status, policy: String(headers['ratelimit-policy']) });
    };
    const callers = Array.from({ length: CONNECTIONS }, async () => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      while (!done) await call(agent);
      agent.destroy();
    });
    for (let n = 1; n <= RELOADS; n++) {
      const { name, quota } = generation(n);
      sign(name);
      write({ name, quota });
      t.equal(await reload(), 'applied');
      // So that some begin between each two.
      const enough = answers.size + 8;
      while (answers.size < enough) await new Promise((resolve) => setImmediate(resolve));
    }
    done = true;
    await Promise.all(callers);

    const arrived = new Map(upstream.requests.map((wire) => [wire.target, signerOf(wire)]));
    const logged = new Map(
      gateway.log
        .filter(({ msg }) => msg === 'request completed')
        .map((line) => [(line['req'] as { path: string }).path, line]),
    );
    const seen = new Set<string>();
    const wrong = [...answers].filter(([target, { status, policy }]) => {
      const line = logged.get(target);
      const name = String(line?.['account']).replace('account-', '');
      seen.add(name);
      const quota = 1_000_000 + Number(name.slice(1));
      return !(
        status === 200 &&
        line?.['consumer'] === `consumer-${name}` &&
        arrived.get(target) === name &&
        policy.startsWith(`"account";q=${quota};`)
      );
    });
    t.strictSame(wrong, []);
    t.equal(arrived.size, answers.size);
    t.equal(upstream.requests.length, answers.size, 'each arrived once');
    t.equal(seen.size, 7);
    t.ok(upstream.connections() <= CONNECTIONS, `${upstream.connections()} connections`);
    t.comment(`${answers.size} calls`);
  },
);
