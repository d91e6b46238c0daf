// What is told of accounts from their first instant, and no longer than they are there.
import { setTimeout as pause } from 'node:timers/promises';
import t from 'tap';
import type { Account } from '../../src/catalog/account.ts';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import { accountsAt, configAt, startConfigured } from '../support/gateway.ts';

/** A gateway with one account, which a reload replaces by another; either has two credentials. */
async function start(t: { teardown(after: () => unknown): void }) {
  const sandbox = await startSandbox({});
  const [main] = accountsAt(sandbox.origin).values();
  if (main === undefined) throw new Error('no account');
  const configOf = (name: string) => {
    const account: Account = { ...main, name, quotaAccount: name, nextCredential: main.credential };
    const consumers = { anonymous: { account: name, allow: ['*'] } };
    return configAt(sandbox.origin, { accounts: new Map([[name, account]]), ...consumers });
  };
  const gateway = await startConfigured(configOf('one'));
  t.teardown(async () => {
    await gateway.drain();
    await sandbox.close();
  });
  return {
    call: async () => (await fetch(`${gateway.url}/api/domain`)).arrayBuffer(),
    metrics: async () => (await fetch(`${gateway.admin}/metrics`)).text(),
    status: async () => (await fetch(`${gateway.admin}/status`)).json() as Promise<{ accounts: { account: string }[] }>,
    reload: (name: string) => gateway.reload(() => configOf(name)),
  };
}

t.test('what matters at its first event is told from zero, also of an account that a reload adds', async (t) => {
  const { metrics, reload } = await start(t);
  const zeros = (account: string) => [
    ...['throttled', 'signature', 'permission'].map(
      (reason) => `vendor_refusals_total{account="${account}",interface="other",reason="${reason}"}`,
    ),
    ...['unreachable', 'reset', 'timeout', 'unsent'].map(
      (reason) => `upstream_errors_total{account="${account}",reason="${reason}"}`,
    ),
    `credential_switches_total{account="${account}"}`,
    ...['first', 'next'].map(
      (credential) => `credential_refusals_total{account="${account}",credential="${credential}"}`,
    ),
  ];
  const text = await metrics();
  const atOnce = ['applied', 'unchanged', 'refused'].map((result) => `config_reloads_total{result="${result}"}`);
  for (const series of [...zeros('one'), ...atOnce, 'audit_lines_lost_total']) {
    t.ok(text.includes(`\ncdnetworks_gateway_${series} 0\n`), series);
  }
  t.equal(await reload('two'), 'applied');
  const after = await metrics();
  for (const series of zeros('two')) t.ok(after.includes(`\ncdnetworks_gateway_${series} 0\n`), series);
});

t.test('an account that a reload takes away has no figures and no place in the status any more', async (t) => {
  const { call, metrics, status, reload } = await start(t);
  await call();
  const told =
    /^cdnetworks_gateway_(quota_(limit|used|remaining)|credential_in_use|clock_skew_seconds)\{account="one"/gm;
  while ((await metrics()).match(told)?.length !== 9) await pause(50);
  t.equal(await reload('two'), 'applied');
  t.notMatch(await metrics(), told);
  t.match(await metrics(), /^cdnetworks_gateway_quota_limit\{account="two",policy="account"\} 1000000$/m);
  t.strictSame(
    (await status()).accounts.map(({ account }) => account),
    ['two'],
  );
});
