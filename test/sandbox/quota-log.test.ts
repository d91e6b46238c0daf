import fc from 'fast-check';
import t from 'tap';
import { QuotaLog, type SandboxQuota } from '../../src/sandbox/quota-log.ts';

interface Step {
  readonly account: string;
  readonly apiInterface: string;
  readonly at: number;
}

const steps = fc
  .array(
    fc.record({
      account: fc.constantFrom('a', 'b'),
      apiInterface: fc.constantFrom('GET /x', 'POST /x', 'GET /y'),
      laterMs: fc.constantFrom(0, 1, 3, 9, 10, 11),
    }),
    { maxLength: 80 },
  )
  .map((gaps) => {
    let at = 0;
    return gaps.map(({ laterMs, ...rest }): Step => {
      at += laterMs;
      return { ...rest, at };
    });
  });

const quotas = fc.record({
  account: fc.integer({ min: 1, max: 6 }),
  interface: fc.integer({ min: 1, max: 4 }),
  windowMs: fc.integer({ min: 1, max: 20 }),
});

/** Decides by counting from scratch the admitted requests of the window `(at − windowMs, at]`. */
function decideAll(all: readonly Step[], quota: SandboxQuota): string[] {
  const admitted: Step[] = [];
  return all.map((step) => {
    const ofAccount = admitted.filter((s) => s.account === step.account && s.at > step.at - quota.windowMs);
    if (ofAccount.length >= quota.account) return 'account-spent';
    const ofInterface = ofAccount.filter((s) => s.apiInterface === step.apiInterface);
    if (ofInterface.length >= quota.interface) return 'interface-spent';
    admitted.push(step);
    return 'admitted';
  });
}

/** The most instants in any window, found by looking at the window that ends with each. */
function worstWindow(instants: readonly number[], windowMs: number): number {
  return Math.max(...instants.map((end) => instants.filter((at) => at > end - windowMs && at <= end).length));
}

t.test('decides as counting from scratch does, whatever the order and the times', async () => {
  fc.assert(
    fc.property(steps, quotas, (all, quota) => {
      const log = new QuotaLog(quota);
      const decisions = all.map((step) => log.arrive(step));
      return decisions.join() === decideAll(all, quota).join();
    }),
    { numRuns: 500 },
  );
});

t.test(
  'reports the arrivals and the worst window of every account and interface, refused requests among them',
  async () => {
    fc.assert(
      fc.property(steps, quotas, (all, quota) => {
        const log = new QuotaLog(quota);
        for (const step of all) log.arrive(step);
        const expected = (mine: readonly Step[]) => ({
          arrivals: mine.length,
          worstWindow: worstWindow(
            mine.map(({ at }) => at),
            quota.windowMs,
          ),
        });
        const { accounts, interfaces } = log.report();
        return all.every(({ account, apiInterface }) => {
          const ofAccount = all.filter((step) => step.account === account);
          const ofInterface = ofAccount.filter((step) => step.apiInterface === apiInterface);
          return (
            equal(accounts[account], expected(ofAccount)) &&
            equal(interfaces[account]?.[apiInterface], expected(ofInterface))
          );
        });
      }),
      { numRuns: 500 },
    );
  },
);

t.test('a request exactly one window old is out of the window', async (t) => {
  const log = new QuotaLog({ account: 1, interface: 1, windowMs: 300_000 });
  const arriveAt = (at: number) => log.arrive({ account: 'a', apiInterface: 'GET /x', at });
  t.same([0, 299_999.9, 300_000].map(arriveAt), ['admitted', 'account-spent', 'admitted']);
});

t.test('a request refused by its interface spends nothing of the account', async (t) => {
  const log = new QuotaLog({ account: 2, interface: 1, windowMs: 10 });
  const arrive = (apiInterface: string) => log.arrive({ account: 'a', apiInterface, at: 0 });
  t.same(['x', 'x', 'x', 'y', 'z'].map(arrive), [
    'admitted',
    'interface-spent',
    'interface-spent',
    'admitted',
    'account-spent',
  ]);
});

function equal(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
