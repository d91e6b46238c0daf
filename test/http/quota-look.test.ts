import t from 'tap';
import { QuotaLook } from '../../src/http/quota-look.ts';
import type { PartitionUsage } from '../../src/quota/store.ts';
import { toSnapshot } from '../../src/to-snapshot.ts';
import { configAt } from '../support/gateway.ts';

const SNAPSHOT = toSnapshot(configAt('http://127.0.0.1:1'));

/** A look at a store whose answers the test gives, at times that the test says. */
function look() {
  const asked: { account: string; answer(usage: readonly PartitionUsage[]): void; fail(): void }[] = [];
  const time = { now: 0 };
  const usage = (account: string) =>
    new Promise<readonly PartitionUsage[]>((answer, reject) => {
      asked.push({ account, answer, fail: () => reject(new Error('away')) });
    });
  const clock = { wall: () => 1_000_000 + time.now, monotonic: () => time.now };
  return { look: new QuotaLook({ store: { usage }, snapshot: () => SNAPSHOT, clock }), asked, time };
}

const units = (count: number) => [
  { partition: 'account', units: Array.from({ length: count }, () => ({ tag: 'x', ageMs: 0 })), blockedForMs: 0 },
];

t.test('one look at a time and one a second, however many ask', async (t) => {
  const { look: quotas, asked, time } = look();
  const first = quotas.refresh();
  t.equal(quotas.refresh(), first, 'who asks meanwhile waits for the same');
  time.now = 5000;
  t.equal(quotas.refresh(), first, 'however long it takes');
  t.same(
    asked.map(({ account }) => account),
    ['main', 'reports'],
  );
  for (const { answer } of asked) answer(units(1));
  await first;
  time.now = 5999;
  void quotas.refresh();
  t.equal(asked.length, 4, 'a second after the look began');
});

t.test('what was known stays when the store no longer answers, with its time', async (t) => {
  const { look: quotas, asked, time } = look();
  t.equal(quotas.lastKnown('main'), undefined);
  const first = quotas.refresh();
  for (const { answer } of asked) answer(units(3));
  await first;
  time.now = 2000;
  const second = quotas.refresh();
  asked[2]?.fail();
  asked[3]?.answer(units(4));
  await second;
  t.match(quotas.lastKnown('main'), { at: 1_000_000, report: { partitions: [{ policies: [{ used: 3 }] }] } });
  t.match(quotas.lastKnown('reports'), { at: 1_002_000, report: { partitions: [{ policies: [{ used: 4 }] }] } });
  t.equal(quotas.lastKnown('nobody'), undefined);
});
