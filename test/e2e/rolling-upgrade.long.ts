// Two gateways on one Redis are replaced one after the other, as a rolling deployment does it, while callers never stop asking.
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { Agent, request } from 'undici';
import { DEMO_ACCESS_KEY, DEMO_SECRET_KEY } from '../../src/sandbox/demo-credentials.ts';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import { startRedis } from '../support/redis-server.ts';
import { type ServeProcess, serveProcess } from '../support/serve-process.ts';

const WINDOW_MS = 1000;
const ACCOUNT = 40;
const INTERFACE = 30;
/** How long a gateway that leaves still serves, and how often the balancer asks whether it does. */
const DRAIN_DELAY_MS = 1000;
const PROBE_MS = 50;

/** Sends callers to whoever is ready, as a balancer does by its probes. */
class Balancer {
  readonly #replicas = new Set<ServeProcess>();
  #ready: readonly ServeProcess[] = [];
  #turn = 0;
  #closed = false;

  add(replica: ServeProcess): void {
    this.#replicas.add(replica);
  }

  remove(replica: ServeProcess): void {
    this.#replicas.delete(replica);
  }

  next(): ServeProcess {
    const replica = this.#ready[this.#turn++ % this.#ready.length];
    if (replica === undefined) throw new Error('nobody is ready');
    return replica;
  }

  async probe(): Promise<void> {
    while (!this.#closed) {
      const ready = await Promise.all(
        [...this.#replicas].map(async (replica) => ((await isReady(replica)) ? [replica] : [])),
      );
      this.#ready = ready.flat();
      await pause(PROBE_MS);
    }
  }

  /** Resolves once so many are ready, none of them this one. */
  async until(count: number, options: { without?: ServeProcess } = {}): Promise<void> {
    const { without } = options;
    while (this.#ready.length !== count || (without && this.#ready.includes(without))) await pause(10);
  }

  close(): void {
    this.#closed = true;
  }
}

async function isReady({ admin }: ServeProcess): Promise<boolean> {
  try {
    const { statusCode, body } = await request(`${admin}/readyz`);
    await body.dump();
    return statusCode === 200;
  } catch {
    return false;
  }
}

/** What callers met: how often each status, at which gateway; and what else. */
class Record {
  readonly statuses = new Map<string, number>();
  readonly answered = new Map<ServeProcess, number>();
  readonly failures: string[] = [];

  see(replica: ServeProcess, { status, error }: { status: number; error: string }): void {
    const what = `${status} ${error}`.trim();
    this.statuses.set(what, (this.statuses.get(what) ?? 0) + 1);
    if (status === 200) this.answered.set(replica, (this.answered.get(replica) ?? 0) + 1);
  }
}

async function gatewayOf(
  t: Test,
  { origin, redis }: { origin: string; redis: string },
): Promise<() => Promise<ServeProcess>> {
  const folder = t.testdir({
    'gateway.yaml': `listen: [{ port: 0 }]
admin: { port: 0 }
accounts:
  main:
    origin: ${origin}
    credential: { type: access-key, accessKey: { env: CDN_ACCESS_KEY }, secretKey: { env: CDN_SECRET_KEY } }
quotas:
  account: { quota: ${ACCOUNT}, window: ${WINDOW_MS}ms }
  interface: { quota: ${INTERFACE}, window: ${WINDOW_MS}ms }
  margin: 2ms
store: { type: redis, url: "${redis}", deadline: 1s }
anonymous: { account: main }
limits: { drainDelay: ${DRAIN_DELAY_MS}ms }
`,
  });
  const env = { CDN_ACCESS_KEY: DEMO_ACCESS_KEY, CDN_SECRET_KEY: DEMO_SECRET_KEY };
  return () => serveProcess(t, { file: join(folder, 'gateway.yaml'), env });
}

t.test('a rolling upgrade under saturating load refuses no connection and spends no unit too many', async (t) => {
  const sandbox = await startSandbox({ quota: { account: ACCOUNT, interface: INTERFACE, windowMs: WINDOW_MS } });
  const redis = await startRedis();
  const start = await gatewayOf(t, { origin: sandbox.origin, redis: redis.url });
  const balancer = new Balancer();
  const probing = balancer.probe();
  const record = new Record();
  let stopped = false;
  t.teardown(async () => {
    stopped = true;
    balancer.close();
    await probing;
    await sandbox.close();
    await redis.stop();
  });

  const old = await Promise.all([start(), start()]);
  for (const replica of old) balancer.add(replica);
  await balancer.until(2);
  // A connection of its own for each call: what is kept alive would hide a listener that is gone.
  const dispatcher = new Agent({ pipelining: 0 });
  const caller = async (path: string) => {
    for (let n = 0; !stopped; n += 1) {
      const replica = balancer.next();
      try {
        const { statusCode, headers, body } = await request(`${replica.url}${path}?n=${n}`, { dispatcher });
        await body.dump();
        record.see(replica, { status: statusCode, error: String(headers['x-gateway-error'] ?? '') });
        if (statusCode !== 200) await pause(10);
      } catch (error) {
        record.failures.push(error instanceof Error ? error.message : String(error));
        await pause(10);
      }
    }
  };
  const callers = Promise.all(['/api/domain', '/cdn/purges'].flatMap((path) => [1, 2, 3, 4].map(() => caller(path))));

  await pause(2 * WINDOW_MS);
  const fresh: ServeProcess[] = [];
  for (const leaving of old) {
    const replica = await start();
    fresh.push(replica);
    balancer.add(replica);
    await balancer.until(3);
    leaving.signal('SIGTERM');
    await balancer.until(2, { without: leaving });
    t.strictSame(await leaving.ended, [0, null], 'the old one ends in good order');
    balancer.remove(leaving);
  }
  await pause(2 * WINDOW_MS);
  stopped = true;
  await callers;
  await dispatcher.close();
  const report = sandbox.report();
  const worst = Math.max(...Object.values(report.accounts).map(({ worstWindow }) => worstWindow));
  const interfaces = Object.values(report.interfaces).flatMap((those) => Object.values(those));
  t.comment(JSON.stringify({ statuses: [...record.statuses], arrivals: report.verified, worst }));

  t.strictSame(record.failures, [], 'no connection is refused or breaks');
  t.strictSame(
    [...record.statuses.keys()].sort(),
    ['200', '429 quota-exceeded'],
    'and nobody is sent away by a gateway that leaves',
  );
  for (const replica of [...old, ...fresh]) t.ok((record.answered.get(replica) ?? 0) > 0, 'each carried calls');
  t.match(report, { throttled: 0, refused: {} });
  t.equal(worst, ACCOUNT, 'the quota is used up, and never more than that');
  for (const { worstWindow } of interfaces) t.ok(worstWindow <= INTERFACE);
  for (const replica of fresh) replica.signal('SIGTERM');
  await Promise.all(fresh.map(({ ended }) => ended));
});
