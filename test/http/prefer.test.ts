import fc from 'fast-check';
import t from 'tap';
import { preferredWaitMs, waitTerms } from '../../src/http/prefer.ts';

for (const [prefer, waitMs] of [
  ['wait=120', 120_000],
  ['wait=0', 0],
  ['Wait=5', 5_000],
  ['wait="5"', 5_000],
  ['wait="\\5"', 5_000],
  ['wait \t= \t5', 5_000],
  ['respond-async, wait=5', 5_000],
  ['respond-async; wait=9, wait=5', 5_000],
  ['wait=5; soft, return=minimal', 5_000],
  ['wait=5;', 5_000],
  [',, wait=5', 5_000],
  ['foo="a, wait=9", wait=5', 5_000],
  ['foo="a\\", wait=9", wait=5', 5_000],
] as const) {
  t.test(`waits as RFC 7240 has it: ${prefer}`, async (t) => {
    t.equal(preferredWaitMs(prefer), waitMs);
  });
}

t.test('the first wait counts, whatever those behind it say', async (t) => {
  t.equal(preferredWaitMs('wait=1, wait=2'), 1_000);
  t.equal(preferredWaitMs('wait=soon, wait=2'), undefined);
});

t.test('an element that is not well-formed is passed over', async (t) => {
  t.equal(preferredWaitMs('wait=1 2, wait=3'), 3_000);
  t.equal(preferredWaitMs('a b, wait=3'), 3_000);
  t.equal(preferredWaitMs('=3, wait=3'), 3_000);
});

for (const prefer of [
  undefined,
  '',
  'wait',
  'wait=',
  'wait=""',
  'wait=-1',
  'wait=1.5',
  'wait=2m',
  'waiting=5',
  'foo="a, wait=5',
  'foo=5, bar; wait=5',
]) {
  t.test(`no wait can be read from ${prefer}`, async (t) => {
    t.equal(preferredWaitMs(prefer), undefined);
  });
}

t.test('anything may stand in the field: reading it never fails and never takes long', async (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('wait', '=', '"', '\\', ',', ';', ' ', '5', 'é'), { maxLength: 60 }),
      (parts) => {
        const waitMs = preferredWaitMs(parts.join(''));
        return waitMs === undefined || waitMs >= 0;
      },
    ),
    { numRuns: 2_000 },
  );
  for (const piece of ['"', '\\"', 'a', '"\\', 'a,', '" ', 'wait = ']) preferredWaitMs(piece.repeat(20_000));
  t.pass();
});

const options = { defaultMs: 30_000, limitMs: 120_000, hasPlace: true };

t.test('who says nothing waits as its consumer is configured, and the answer says nothing of it', async (t) => {
  t.strictSame(waitTerms(undefined, options), { maxWaitMs: 30_000 });
  t.strictSame(waitTerms('wait=soon', options), { maxWaitMs: 30_000 });
});

t.test('a preference wins over the configured wait, also for less and for nothing', async (t) => {
  t.strictSame(waitTerms('wait=60', options), { maxWaitMs: 60_000, applied: 'wait=60' });
  t.strictSame(waitTerms('wait=5', options), { maxWaitMs: 5_000, applied: 'wait=5' });
  t.strictSame(waitTerms('wait=0', options), { maxWaitMs: 0, applied: 'wait=0' });
});

t.test('a preference beyond the limit is applied as far as the limit goes', async (t) => {
  t.strictSame(waitTerms('wait=999999999999999999999', options), { maxWaitMs: 120_000, applied: 'wait=120' });
});

t.test('where nobody may wait no preference is applied but that for not waiting', async (t) => {
  for (const closed of [
    { ...options, hasPlace: false },
    { ...options, limitMs: 0 },
  ]) {
    t.strictSame(waitTerms('wait=60', closed), { maxWaitMs: 0 });
    t.strictSame(waitTerms(undefined, closed), { maxWaitMs: 0 });
    t.strictSame(waitTerms('wait=0', closed), { maxWaitMs: 0, applied: 'wait=0' });
  }
});
