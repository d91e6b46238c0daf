import t from 'tap';
import { gatewayStatus, type StatusFacts } from '../../../src/http/status/gateway-status.ts';
import { statusPage } from '../../../src/http/status/page.ts';
import { accountsAt } from '../../support/gateway.ts';

const AT = Date.parse('2026-01-01T12:00:00Z');
const [account] = [...accountsAt('http://127.0.0.1:1').values()];
if (account === undefined) throw new Error('no account');
const secret = account.credential.type === 'access-key' ? account.credential.secretKey.reveal() : '';

const FACTS: StatusFacts = {
  at: AT,
  configLoadedAt: AT - 90_000,
  version: '1.2.3',
  node: 'v20.0.0',
  replica: 'host:1',
  draining: false,
  store: { type: 'redis', mode: 'ready' },
  inFlight: 2,
  waiting: 1,
  replicas: [
    { name: 'here', self: true, seenAgoMs: 200 },
    { name: 'gone', self: false, seenAgoMs: 60_000 },
  ],
  accounts: [{ account, known: undefined }],
};

/** What the store said of the account so long before. */
function known(
  ageMs: number,
  account: { used: number; nextUnitMs: number; nextFreedMs: number; blockedForMs: number },
) {
  const { blockedForMs, ...spent } = account;
  const policy = { name: 'account', quota: 300, windowMs: 300_000, ...spent, consumers: { 'purge-bot': spent.used } };
  return {
    at: AT - ageMs,
    report: { account: 'main', partitions: [{ partition: 'account', blockedForMs, policies: [policy] }] },
  };
}

const SPENT = { used: 300, nextUnitMs: 30_000, nextFreedMs: 30_000, blockedForMs: 0 };
const PARTLY = { used: 3, nextUnitMs: 0, nextFreedMs: 200_000, blockedForMs: 0 };

t.test('an account that has spent nothing has its whole quota left', async (t) => {
  const report = { account: 'main', partitions: [] };
  const { accounts, stale } = gatewayStatus({ ...FACTS, accounts: [{ account, known: { at: AT, report } }] });
  t.equal(stale, false);
  t.match(accounts, [{ account: 'main', policies: [{ policy: 'account', used: 0, remaining: 1_000_000 }] }]);
  t.same(gatewayStatus(FACTS).accounts[0]?.policies, [], 'which is not said of one of which nothing is known yet');
});

t.test('when the next unit frees is told as an instant, reckoned from when that was known', async (t) => {
  const { accounts } = gatewayStatus({ ...FACTS, accounts: [{ account, known: known(1000, SPENT) }] });
  t.match(accounts[0]?.policies, [{ remaining: 0, nextUnitAt: '2026-01-01T12:00:29.000Z' }]);
  t.match(accounts[0]?.consumers, [{ name: 'purge-bot', used: 300 }]);
  const partly = gatewayStatus({ ...FACTS, accounts: [{ account, known: known(1000, PARTLY) }] });
  t.match(partly.accounts[0]?.policies, [{ remaining: 297, nextUnitAt: '2026-01-01T12:03:19.000Z' }]);
});

t.test('figures are stale when they are old, never came, or the store is away', async (t) => {
  const staleOf = (facts: Partial<StatusFacts>) => gatewayStatus({ ...FACTS, ...facts }).stale;
  const fresh = [{ account, known: known(1000, SPENT) }];
  t.equal(staleOf({ accounts: fresh }), false);
  t.equal(staleOf({ accounts: [{ account, known: known(10_000, SPENT) }] }), true);
  t.equal(staleOf({}), true);
  t.equal(staleOf({ accounts: fresh, store: { type: 'redis', mode: 'unreachable' } }), true);
});

t.test('replicas that no longer beat are not told of', async (t) => {
  t.same(gatewayStatus(FACTS).replicas, [{ name: 'here', self: true, seenAgoMs: 200 }]);
});

for (const { says, facts } of [
  { says: /No unit left: main/, facts: { accounts: [{ account, known: known(0, SPENT) }] } },
  {
    says: /3 used in the last 5\u00a0min, the next is back in 3\u00a0min 20\u00a0s/,
    facts: { accounts: [{ account, known: known(0, PARTLY) }] },
  },
  {
    says: /Closed by the vendor, opens in 1[01]\u00a0s/,
    facts: { accounts: [{ account, known: known(0, { ...PARTLY, nextUnitMs: 10_000, blockedForMs: 10_000 }) }] },
  },
  {
    says: /can’t be asked: calls are refused[\s\S]*Last known at 11:59:59 UTC/,
    facts: {
      store: { type: 'redis', mode: 'unreachable' as const },
      accounts: [{ account, known: known(1000, SPENT) }],
    },
  },
  { says: /Stopping: no new requests/, facts: { draining: true } },
  { says: /Not known yet/, facts: {} },
]) {
  t.test(`the page says in words: ${says.source}`, async (t) => {
    const status = gatewayStatus({ ...FACTS, ...facts });
    const page = statusPage({ status, refusals: { from: 'redis', exchanges: [] } });
    t.match(page, says);
    t.notOk(page.includes(secret) || JSON.stringify(status).includes(secret), 'and no secret');
  });
}
