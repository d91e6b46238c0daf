// A gateway with a journal that is killed again and again while consumers never stop asking, before a vendor that counts on
// arrival and remembers every signature.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { request } from 'undici';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import { accountAt, startGatewayProcess } from '../support/gateway-process.ts';

// Longer than a restart takes on a busy machine: else all that the gateway could forget would be over anyway.
const WINDOW_MS = 5000;
const ACCOUNT = 60;
const INTERFACE = 40;
const KILLS = 10;

/** A sandbox, and the configuration of a gateway in front of it. */
async function setUp(t: Test) {
  const sandbox = await startSandbox({ quota: { account: ACCOUNT, interface: INTERFACE, windowMs: WINDOW_MS } });
  t.teardown(() => sandbox.close());
  const config = join(t.testdir(), 'gateway.yaml');
  writeFileSync(
    config,
    `${accountAt(sandbox.origin)}quotas:
  account: { quota: ${ACCOUNT}, window: ${WINDOW_MS}ms }
  interface: { quota: ${INTERFACE}, window: ${WINDOW_MS}ms }
  documentedLimits: ignore
  margin: 2ms
store: { type: memory, journal: gateway.journal }
anonymous: { account: main }
`,
  );
  return { sandbox, config };
}

t.jobs = 4; // They mostly wait, each for itself.

t.test('no window at the vendor holds more than the quota while the gateway is killed ten times', async (t) => {
  const { sandbox, config } = await setUp(t);
  let gateway = await startGatewayProcess(config);
  t.teardown(() => gateway.kill());
  let asking = true;
  const worker = async (path: string) => {
    while (asking) {
      // Four requests that are signed alike again and again: a forgotten signing second would be refused as a replay.
      const target = `${gateway.url}${path}?n=${Math.floor(4 * Math.random())}`;
      const status = await request(target).then(
        async ({ statusCode, body }) => body.dump().then(() => statusCode),
        () => 0,
      );
      if (status !== 200) await pause(10);
    }
  };
  const started = performance.now();
  const workers = ['/api/domain', '/cdn/purges'].flatMap((path) => Array.from({ length: 4 }, () => worker(path)));

  for (let n = 0; n < KILLS; n += 1) {
    await pause(100 + 600 * Math.random());
    await gateway.kill();
    gateway = await startGatewayProcess(config);
  }
  await pause(1000);
  asking = false;
  await Promise.all(workers);

  const report = sandbox.report();
  const windows = (performance.now() - started) / WINDOW_MS;
  const account = Object.values(report.accounts)[0]?.worstWindow ?? 0;
  const interfaces = Object.values(Object.values(report.interfaces)[0] ?? {}).map(({ worstWindow }) => worstWindow);
  t.comment(
    `worst window ${account} of ${ACCOUNT}, interfaces ${interfaces} of ${INTERFACE}; ${report.verified} calls, ` +
      `${Math.round((100 * report.verified) / (ACCOUNT * (windows + 1)))} % of the quota in ${windows.toFixed(1)} windows`,
  );
  t.ok(account <= ACCOUNT);
  t.ok(Math.max(...interfaces) <= INTERFACE);
  t.equal(report.throttled, 0);
  t.strictSame(report.refused, {});
  t.ok(report.verified > ACCOUNT, 'went on spending');
});

t.test('a second gateway on one journal does not start', async (t) => {
  const { config } = await setUp(t);
  const gateway = await startGatewayProcess(config);
  t.teardown(() => gateway.kill());

  const second = startGatewayProcess(config);
  t.teardown(() =>
    second.then(
      ({ kill }) => kill(),
      () => {},
    ),
  );
  await t.rejects(second, /serve: journal .*gateway\.journal is in use by another process/);
});

t.test('when the disk is full nothing is sent, and the log says why', async (t) => {
  const { sandbox, config } = await setUp(t);
  const gateway = await startGatewayProcess(config, { fileBlocks: 4 });
  t.teardown(() => gateway.kill());

  const answers = [];
  for (let n = 0; n < 30; n += 1) {
    const { statusCode, headers, body } = await request(`${gateway.url}/api/domain?n=${n}`);
    await body.dump();
    answers.push({ statusCode, error: headers['x-gateway-error'] });
  }

  const sent = answers.filter(({ statusCode }) => statusCode === 200).length;
  t.ok(sent > 0 && sent < 20, `${sent} sent`);
  t.strictSame(answers.slice(sent), Array(30 - sent).fill({ statusCode: 503, error: 'quota-unavailable' }));
  t.equal(sandbox.report().arrivals, sent);
  t.match(gateway.log.filter(({ msg }) => msg === 'quota store failed')[0], {
    err: { message: /journal .* can't be written, so nothing is sent: EFBIG/ },
  });
});
