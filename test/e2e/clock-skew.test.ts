// The vendor's clock is not ours.
import t from 'tap';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import { startTestGateway } from '../support/gateway.ts';

async function start(t: { teardown(after: () => unknown): void }, aheadMs: number) {
  const clock = { wall: () => Date.now() + aheadMs, monotonic: () => performance.now() };
  const sandbox = await startSandbox({ clock });
  const gateway = await startTestGateway(sandbox.origin);
  t.teardown(async () => {
    await gateway.drain();
    await sandbox.close();
  });
  const call = async (query = '') => {
    const answer = await fetch(`${gateway.url}/api/domain${query}`);
    await answer.arrayBuffer();
    return answer.status;
  };
  return { sandbox, gateway, call };
}

for (const aheadMs of [90_000, -90_000]) {
  t.test(`a vendor that is ${aheadMs / 1000} s ahead is told of, and signed for by its own clock`, async (t) => {
    const { sandbox, gateway, call } = await start(t, aheadMs);
    for (let n = 0; n < 3; n += 1) t.equal(await call(), 200);
    const metrics = await (await fetch(`${gateway.admin}/metrics`)).text();
    const [, skew] = /clock_skew_seconds\{account="main"\} (\S+)/.exec(metrics) ?? [];
    t.ok(Math.abs(Number(skew) - aheadMs / 1000) <= 1, `${skew}`);
    const warnings = gateway.log.filter(({ msg }) => msg === 'clock is off: signatures depend on it');
    t.match(warnings, [{ level: 40, account: 'main', clockSkew: Number }], 'once');
    t.equal(sandbox.report().verified, 3);
  });
}

for (const aheadMs of [340_000, -340_000]) {
  t.test(`one that is ${aheadMs / 1000} s ahead refuses the first call, and takes any other`, async (t) => {
    const { call } = await start(t, aheadMs);
    const refused = await call();
    t.ok(refused >= 400, `${refused}`);
    for (let n = 0; n < 5; n += 1) t.equal(await call(`?n=${n}`), 200);
  });
}

t.test('a second or two change nothing', async (t) => {
  const { gateway, call } = await start(t, 1000);
  t.equal(await call(), 200);
  t.notOk(gateway.logText().includes('clock is off'));
});
