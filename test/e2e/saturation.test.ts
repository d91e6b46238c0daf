// Consumers that never stop asking, against a vendor that counts on arrival. Two interfaces share one account.
import { setTimeout as pause } from 'node:timers/promises';
import t from 'tap';
import { request } from 'undici';
import type { Behaviour } from '../../src/sandbox/behaviour.ts';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import { startTestGateway, WIDE } from '../support/gateway.ts';

const WINDOWS = 10;
const ACCOUNT = 40;
const INTERFACE = 30;

async function saturate(options: { windowMs: number; behaviour?: Behaviour }) {
  const { windowMs, behaviour } = options;
  const sandbox = await startSandbox({ quota: { account: ACCOUNT, interface: INTERFACE, windowMs } });
  if (behaviour !== undefined) sandbox.behave(behaviour);
  const gateway = await startTestGateway(sandbox.origin, {
    quotas: {
      ...WIDE,
      account: { quota: ACCOUNT, windowMs },
      interface: { quota: INTERFACE, windowMs },
      marginMs: 2,
    },
    log: { level: 'silent' },
  });
  const until = performance.now() + WINDOWS * windowMs;
  let count = 0;
  const worker = async (path: string) => {
    while (performance.now() < until) {
      const { statusCode, body } = await request(`${gateway.url}${path}?n=${count++}`);
      await body.dump();
      if (statusCode === 429) await pause(10);
    }
  };
  // With a jitter of a third of a window an interface needs more hands to spend all it has.
  const hands = behaviour === undefined ? 5 : 40;
  await Promise.all(
    ['/api/domain', '/cdn/purges'].flatMap((path) => Array.from({ length: hands }, () => worker(path))),
  );
  const report = sandbox.report();
  await gateway.drain();
  await sandbox.close();
  const [account] = Object.values(report.accounts);
  const interfaces = Object.values(Object.values(report.interfaces)[0] ?? {});
  return {
    arrivals: report.verified,
    throttled: report.throttled,
    worstOfAccount: account?.worstWindow ?? 0,
    worstOfInterface: Math.max(...interfaces.map(({ worstWindow }) => worstWindow)),
    used: report.verified / (ACCOUNT * WINDOWS),
  };
}

t.jobs = 4; // They mostly wait, each for itself.

t.test(
  'with answers that jitter by a third of a window, no window at the vendor holds more than the quota',
  async (t) => {
    const windowMs = 1000;
    const result = await saturate({ windowMs, behaviour: { jitterMs: windowMs / 3 } });
    t.comment(JSON.stringify(result));
    t.equal(result.throttled, 0);
    t.ok(result.worstOfAccount <= ACCOUNT, `worst window of the account: ${result.worstOfAccount} of ${ACCOUNT}`);
    t.ok(
      result.worstOfInterface <= INTERFACE,
      `worst window of an interface: ${result.worstOfInterface} of ${INTERFACE}`,
    );
    t.ok(result.used > 0.7, `used ${result.used}`);
  },
);

t.test('with short round trips at least 98 % of the quota is used, and no window holds more than it', async (t) => {
  const result = await saturate({ windowMs: 2000 });
  t.comment(JSON.stringify(result));
  t.equal(result.throttled, 0);
  t.equal(result.worstOfAccount, ACCOUNT);
  t.ok(
    result.worstOfInterface <= INTERFACE,
    `worst window of an interface: ${result.worstOfInterface} of ${INTERFACE}`,
  );
  t.ok(result.used >= 0.98, `used ${result.used}`);
});
