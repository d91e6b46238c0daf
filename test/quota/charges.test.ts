import t from 'tap';
import { chargesOf } from '../../src/quota/charges.ts';
import type { Quotas } from '../../src/quota/policy.ts';

const quotas: Quotas = {
  account: { quota: 300, windowMs: 300_000 },
  interface: { quota: 30, windowMs: 300_000 },
  documentedLimits: 'tighten',
  marginMs: 1000,
  interfaces: new Map(),
};
const plain = { id: 'GET /api/domain', documentedLimits: [] };
const limited = (...limits: [quota: number, windowMs: number][]) => ({
  id: 'POST /x',
  documentedLimits: limits.map(([quota, windowMs]) => ({ quota, windowMs })),
});

function interfacePolicies(
  changed: Partial<Quotas>,
  apiInterface: typeof plain | ReturnType<typeof limited>,
): string[] {
  const [, charge] = chargesOf({ ...quotas, ...changed }, apiInterface);
  return (charge?.policies ?? []).map(({ name, quota, windowMs }) => `${name} ${quota}/${windowMs / 1000}`);
}

t.test('a request owes its account and its interface one unit each', async (t) => {
  t.strictSame(chargesOf(quotas, plain), [
    { partition: 'account', policies: [{ name: 'account', quota: 300, windowMs: 300_000 }] },
    { partition: 'interface GET /api/domain', policies: [{ name: 'interface', quota: 30, windowMs: 300_000 }] },
  ]);
});

t.test('a consumer with a quota of its own owes that as well, before the interface', async (t) => {
  const quota = { quota: 60, windowMs: 60_000 };
  t.strictSame(chargesOf(quotas, plain, { name: 'purge-bot', quota }), [
    { partition: 'account', policies: [{ name: 'account', quota: 300, windowMs: 300_000 }] },
    { partition: 'consumer purge-bot', policies: [{ name: 'consumer', quota: 60, windowMs: 60_000 }] },
    { partition: 'interface GET /api/domain', policies: [{ name: 'interface', quota: 30, windowMs: 300_000 }] },
  ]);
  t.strictSame(chargesOf(quotas, plain, { name: 'purge-bot' }), chargesOf(quotas, plain));
});

t.test('documented limits tighten: a stricter one joins or replaces, a looser one changes nothing', async (t) => {
  t.strictSame(interfacePolicies({}, limited([10, 300_000])), ['interface 10/300']);
  t.strictSame(interfacePolicies({}, limited([300, 300_000])), ['interface 30/300']);
  t.strictSame(interfacePolicies({}, limited([50, 86_400_000])), ['interface 30/300', 'interface-86400s 50/86400']);
  t.strictSame(interfacePolicies({}, limited([1, 900_000], [300, 300_000])), ['interface 1/900']);
  t.strictSame(interfacePolicies({}, limited([30, 300_000])), ['interface 30/300']);
});

t.test('documented limits replace or are ignored, as the configuration says', async (t) => {
  t.strictSame(interfacePolicies({ documentedLimits: 'replace' }, limited([300, 300_000])), ['interface 300/300']);
  t.strictSame(interfacePolicies({ documentedLimits: 'replace' }, plain), ['interface 30/300']);
  t.strictSame(interfacePolicies({ documentedLimits: 'ignore' }, limited([1, 300_000])), ['interface 30/300']);
});

t.test("the operator's own agreement wins over both", async (t) => {
  const interfaces = new Map([
    [
      'POST /x',
      [
        { quota: 60, windowMs: 300_000 },
        { quota: 5000, windowMs: 86_400_000 },
      ],
    ],
  ]);
  t.strictSame(interfacePolicies({ interfaces }, limited([1, 300_000])), [
    'interface 60/300',
    'interface-86400s 5000/86400',
  ]);
});
