import { deepStrictEqual } from 'node:assert/strict';
import fc from 'fast-check';
import { parseList } from 'structured-headers';
import t from 'tap';
import { rateLimitField, rateLimitPolicyField, retryAfterSeconds } from '../../src/http/ratelimit-fields.ts';
import type { PolicyState } from '../../src/quota/store.ts';

const account: PolicyState = {
  name: 'account',
  quota: 300,
  windowMs: 300_000,
  remaining: 112,
  resetMs: 179_001,
  violated: false,
};
const apiInterface: PolicyState = {
  ...account,
  name: 'interface',
  quota: 30,
  remaining: 0,
  resetMs: 42_000,
  violated: true,
};

/** Anything that a store may say. Names are printable ASCII. */
const state: fc.Arbitrary<PolicyState> = fc.record({
  name: fc.string({ unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)) }),
  quota: fc.integer({ min: 1, max: 1_000_000_000 }),
  windowMs: fc.integer({ min: 1, max: 86_400_000 }),
  remaining: fc.nat(1_000_000_000),
  resetMs: fc.nat(86_400_000),
  violated: fc.boolean(),
});

t.test('the policy field names each policy with its quota and window', async (t) => {
  t.equal(rateLimitPolicyField([account, apiInterface]), '"account";q=300;w=300, "interface";q=30;w=300');
});

t.test('the limit field says what remains, and in how many whole seconds there is more', async (t) => {
  t.equal(rateLimitField([account, apiInterface]), '"account";r=112;t=180, "interface";r=0;t=42');
});

t.test('quotes and backslashes of a name are escaped', async (t) => {
  t.equal(rateLimitField([{ ...account, name: 'a"b\\c' }]), '"a\\"b\\\\c";r=112;t=180');
});

t.test('a parser of structured fields reads the policies back, windows in seconds rounded up', async (t) => {
  fc.assert(
    fc.property(fc.array(state), (states) => {
      const expected = states.map(({ name, quota, windowMs }) => [name, { q: quota, w: Math.ceil(windowMs / 1000) }]);
      deepStrictEqual(read(rateLimitPolicyField(states)), expected);
    }),
  );
  t.pass();
});

t.test('a parser of structured fields reads what remains back, times rounded up', async (t) => {
  fc.assert(
    fc.property(fc.array(state), (states) => {
      const expected = states.map(({ name, remaining, resetMs }) => [
        name,
        { r: remaining, t: Math.ceil(resetMs / 1000) },
      ]);
      deepStrictEqual(read(rateLimitField(states)), expected);
    }),
  );
  t.pass();
});

t.test('retry-after is never early, less than a second late, and at least 1', async (t) => {
  t.equal(retryAfterSeconds(0), 1);
  t.equal(retryAfterSeconds(1), 1);
  t.equal(retryAfterSeconds(1_000), 1);
  t.equal(retryAfterSeconds(1_001), 2);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 86_400_000 }), (waitMs) => {
      const lateMs = retryAfterSeconds(waitMs) * 1000 - waitMs;
      return lateMs >= 0 && lateMs < 1000;
    }),
  );
});

function read(field: string): unknown {
  return parseList(field).map(([name, parameters]) => [name, Object.fromEntries(parameters)]);
}
