// What a change of accounts and quotas means to gateways that share a Redis.
import t from 'tap';
import { Secret } from '../../src/catalog/secret.ts';
import type { Config } from '../../src/config/config.ts';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import { send } from '../sandbox/client-answer.ts';
import { accountsAt, configAt, startConfigured, WIDE } from '../support/gateway.ts';
import { startRedis } from '../support/redis-server.ts';

t.test('new accounts are ready for their first call, and new quotas hold at once', async (t) => {
  const redis = await startRedis();
  const sandbox = await startSandbox({ quota: { account: 1e6, interface: 1e6, windowMs: 300_000 } });
  const store: Config['store'] = {
    type: 'redis',
    location: { server: { kind: 'single', url: new Secret(redis.url) } },
    keyPrefix: 'reload',
    whenDown: 'closed',
    coldStart: 'trust',
    deadlineMs: 500,
  };
  const quotas = (quota: number) => ({ ...WIDE, account: { quota, windowMs: 300_000 } });
  const onlyMain = new Map([...accountsAt(sandbox.origin, quotas(2))].filter(([name]) => name === 'main'));
  const before = configAt(sandbox.origin, { store, accounts: onlyMain });
  const gateway = await startConfigured(before);
  t.teardown(async () => {
    await gateway.drain();
    await sandbox.close();
    await redis.stop();
  });
  const call = async () => (await send(gateway.url, { target: '/a' })).status;
  for (const status of [200, 200, 429, 429]) t.equal(await call(), status);

  t.equal(await gateway.reload(() => ({ ...before, accounts: accountsAt(sandbox.origin, quotas(3)) })), 'applied');
  for (const status of [200, 429]) t.equal(await call(), status, 'also of what was told to be spent a moment ago');
  const anonymous = { account: 'reports', allow: ['*'] };
  t.equal(
    await gateway.reload(() => ({ ...before, anonymous, accounts: accountsAt(sandbox.origin, quotas(3)) })),
    'applied',
  );
  t.equal(await call(), 200, 'the first call of another account');
  t.equal(sandbox.report().arrivals, 4);
});
