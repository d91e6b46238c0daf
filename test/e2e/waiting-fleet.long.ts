// Callers of four gateway processes that share one Redis wait for far more than a window holds.
import { setTimeout as pause } from 'node:timers/promises';
import t from 'tap';
import { request } from 'undici';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import { startFleet } from '../accuracy/fleet.ts';
import { startRedis } from '../support/redis-server.ts';

const CALLERS = 100;
const QUOTA = 20;
const WINDOW_MS = 1500;
/** Between two callers, so that there is an order to keep. */
const GAP_MS = 15;
/** Timers, four processes and two cores: within this two callers count as sent at once. */
const NOISE_MS = 150;

t.test('100 callers of four gateways wait for 20 units a window, and are sent in the order they came', async (t) => {
  const redis = await startRedis();
  const sandbox = await startSandbox({ quota: { account: QUOTA, interface: QUOTA, windowMs: WINDOW_MS } });
  const { gateways, stop } = await startFleet(4, {
    origin: sandbox.origin,
    redis: { url: redis.url },
    account: QUOTA,
    interface: QUOTA,
    windowMs: WINDOW_MS,
    marginMs: 50,
    upstreamTimeoutMs: 500,
    whenDown: 'closed',
    deadlineMs: 500,
  });
  t.teardown(async () => {
    await stop();
    await sandbox.close();
    await redis.stop();
  });

  // A process's first call takes long enough to be overtaken by others.
  for (const { url } of gateways) await (await request(`${url}/api/domain`)).body.dump();

  const calls = Array.from({ length: CALLERS }, async (_, n) => {
    await pause(n * GAP_MS);
    const url = `${gateways[n % gateways.length]?.url}/api/domain?n=${n}`;
    const { statusCode, headers, body } = await request(url, {
      headers: { prefer: 'wait=120' },
      headersTimeout: 120_000,
    });
    await body.dump();
    return { n, statusCode, applied: headers['preference-applied'], at: performance.now() };
  });
  const answers = await Promise.all(calls);

  t.strictSame(
    answers.filter(({ statusCode }) => statusCode !== 200),
    [],
    'all succeed',
  );
  t.ok(answers.every(({ applied }) => applied === 'wait=120'));
  const late = answers.filter(({ at }, n) => answers.slice(n + 1).some((after) => after.at < at - NOISE_MS));
  t.strictSame(
    late.map(({ n }) => n),
    [],
    'nobody is overtaken',
  );
  const report = sandbox.report();
  t.equal(report.verified, gateways.length + CALLERS);
  t.strictSame(report.refused, {});
  t.equal(report.throttled, 0);
  const [account] = Object.values(report.accounts);
  t.ok((account?.worstWindow ?? 0) <= QUOTA, `worst window: ${account?.worstWindow} of ${QUOTA}`);
});
