import fc from 'fast-check';
import t from 'tap';
import { quotaReport } from '../../src/http/quota-report.ts';
import { toSnapshot } from '../../src/to-snapshot.ts';
import { configAt } from '../support/gateway.ts';

const SNAPSHOT = toSnapshot(configAt('http://127.0.0.1:1'));
const account = SNAPSHOT.accounts.get('main');
if (account === undefined) throw new Error('no account');
const { marginMs } = account.quotas;

t.test('the next unit comes back when the oldest that counts does; before that it must be spent', async (t) => {
  const limited = { ...account, quotas: { ...account.quotas, account: { quota: 5, windowMs: 60_000 } } };
  const spanMs = 60_000 + marginMs;
  const ages = fc.array(fc.integer({ min: -30_000, max: 90_000 }), { maxLength: 5 });
  fc.assert(
    fc.property(ages, (ages) => {
      const units = ages.map((ageMs) => ({ tag: 'x', ageMs }));
      const { partitions } = quotaReport(limited, [{ partition: 'account', units, blockedForMs: 0 }], SNAPSHOT);
      const charged = ages.filter((age) => age < spanMs);
      const nextFreedMs = charged.length === 0 ? 0 : Math.min(...charged.map((age) => spanMs - age));
      t.match(partitions[0]?.policies, [
        { used: charged.length, nextFreedMs, nextUnitMs: charged.length === 5 ? nextFreedMs : 0 },
      ]);
    }),
  );
});
