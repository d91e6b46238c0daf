// A stop in the middle of everything: callers that call without pause, some that wait for quota, some that upload.
// Needs `npm run build`, as `npm test` does.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Agent } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { DEMO_ACCESS_KEY, DEMO_SECRET_KEY } from '../../src/sandbox/demo-credentials.ts';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import { type ClientAnswer, send } from '../sandbox/client-answer.ts';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const DRAIN_MS = 5000;

/** `serve` in front of a sandbox whose answers take a while; 20 calls of /api/domain in 20 s, any number of others. */
async function serve(t: Test, limits: string) {
  const sandbox = await startSandbox({ quota: { account: 1e6, interface: 1e6, windowMs: 1000 } });
  sandbox.behave({ delayMs: 50, jitterMs: 200 });
  t.teardown(() => sandbox.close());
  const folder = t.testdir({
    'gateway.yaml': `
listen: [{ host: 127.0.0.1, port: 0 }]
admin: { host: 127.0.0.1, port: 0 }
accounts:
  main:
    origin: ${sandbox.origin}
    credential: { type: access-key, accessKey: { env: AK }, secretKey: { env: SK } }
quotas:
  account: { quota: 1000000, window: 1s }
  interface: { quota: 1000000, window: 1s }
  documentedLimits: ignore
  interfaces: { GET /api/domain: { quota: 20, window: 20s } }
anonymous: { account: main, allow: ['*'] }
limits: { drain: ${DRAIN_MS}ms, ${limits} }
`,
  });
  const child = spawn(process.execPath, [MAIN, 'serve', '-c', join(folder, 'gateway.yaml')], {
    env: { AK: DEMO_ACCESS_KEY, SK: DEMO_SECRET_KEY },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  const [started] = await once(child.stdout, 'data');
  const { listen, admin } = JSON.parse(String(started));
  const log = text(child.stdout).then((lines) =>
    lines
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
  );
  return { sandbox, child, log, url: String(listen[0]), admin: String(admin) };
}

/** Calls again and again on one connection until it is told that the gateway stops, or that its connection ends. */
async function callUntilStopped(url: string, caller: number): Promise<ClientAnswer[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const answers: ClientAnswer[] = [];
  for (let n = 0; answers.at(-1)?.headers['connection'] !== 'close'; n++) {
    const upload = n % 3 === 0 ? { method: 'POST', body: `{"n":${n}}` } : {};
    answers.push(await send(url, { target: `/load/${caller % 7}?${caller}-${n}`, agent, ...upload }));
  }
  agent.destroy();
  return answers;
}

async function metricOf(admin: string, line: RegExp): Promise<number> {
  return Number(line.exec(String((await send(admin, { target: '/metrics' })).bytes))?.[1] ?? 0);
}

for (const [what, limits, delayMs] of [
  ['at once', 'drainDelay: 0s', 0],
  ['after a delay in which it still serves', 'drainDelay: 1s', 1000],
] as const) {
  t.test(`SIGTERM under load, ${what}: every request has its answer, and the counts agree`, async (t) => {
    const { sandbox, child, log, url, admin } = await serve(t, limits);
    for (let n = 0; n < 20; n++) await send(url, { target: `/api/domain?${n}` });
    const waiters = Array.from({ length: 20 }, (_, n) =>
      send(url, { target: `/api/domain?waiter=${n}`, headers: { prefer: 'wait=60' } }),
    );
    const callers = Array.from({ length: 40 }, (_, n) => callUntilStopped(url, n));
    while ((await metricOf(admin, /^cdnetworks_gateway_waiting (\d+)$/m)) < 20);
    while (sandbox.report().arrivals < 500) await send(admin, { target: '/livez' });

    const exited = once(child, 'exit');
    const stoppedAt = performance.now();
    child.kill('SIGTERM');
    let ready = 200;
    while (ready === 200) ready = (await send(admin, { target: '/readyz' })).status;
    t.equal(ready, 503);
    const whileNotReady = await send(url, { target: '/not-ready' });
    t.equal(whileNotReady.status, delayMs > 0 ? 200 : 503, 'the balancer learns of it first, if there is a delay');

    const answers = [...(await Promise.all(callers)).flat(), whileNotReady];
    const waited = await Promise.all(waiters);
    t.strictSame(await exited, [0, null]);
    const tookMs = performance.now() - stoppedAt;
    t.ok(tookMs >= delayMs && tookMs < delayMs + DRAIN_MS, `${tookMs.toFixed()} ms`);

    const refused = [...answers, ...waited].filter(({ status }) => status !== 200);
    for (const { status, headers } of refused) {
      t.match(
        { status, headers },
        { status: 503, headers: { 'x-gateway-error': 'shutting-down', connection: 'close' } },
      );
    }
    t.ok(
      waited.some(({ status }) => status === 503),
      'those that waited were told',
    );
    const lines = (await log).filter(({ msg }) => msg === 'request completed');
    t.equal(lines.length, 20 + answers.length + waited.length, 'one line for each request');
    const sent = [...answers, ...waited].filter(({ status }) => status === 200).length + 20;
    t.equal(lines.filter(({ outcome }) => outcome === 'sent').length, sent);
    t.equal(lines.filter(({ decision, outcome }) => decision === 'admitted' && outcome !== 'sent').length, 0);
    t.match(sandbox.report(), { arrivals: sent, verified: sent, refused: {} });
    t.match((await log).at(-1), { msg: 'gateway stopped', finished: true });
  });
}
