import fc from 'fast-check';
import t from 'tap';
import { traceContextOf, traceparentOf } from '../../src/http/trace-context.ts';

const hex = (digits: number) => fc.stringMatching(new RegExp(`^[0-9a-f]{${digits}}$`));
const nonZero = (digits: number) => hex(digits).filter((id) => !/^0+$/.test(id));

t.test('a valid traceparent is gone on with, under a span of the gateway', async (t) => {
  fc.assert(
    fc.property(nonZero(32), nonZero(16), hex(2), (traceId, parentId, flags) => {
      const context = traceContextOf(`00-${traceId}-${parentId}-${flags}`);
      const sampled = Number.parseInt(flags, 16) % 2 === 1;
      t.match(context, { traceId, parentId, sampled });
      return (
        context.spanId !== parentId && traceparentOf(context) === `00-${traceId}-${context.spanId}-0${sampled ? 1 : 0}`
      );
    }),
  );
  t.match(
    traceContextOf(`cc-${'a'.repeat(32)}-${'b'.repeat(16)}-01-more`),
    { traceId: 'a'.repeat(32) },
    'a later version',
  );
});

t.test('anything else begins a trace, and what is sent on is always valid', async (t) => {
  const [a, b] = ['a'.repeat(32), 'b'.repeat(16)];
  const invalid = [
    ...[undefined, '', `00-${a}-${b}`, `00-${a}-${b}-01-more`, `ff-${a}-${b}-01`, `00-${a.toUpperCase()}-${b}-01`],
    ...[`00-${'0'.repeat(32)}-${b}-01`, `00-${a}-${'0'.repeat(16)}-01`, `00-${a}-${b}-01\n`, ` 00-${a}-${b}-01`],
  ];
  for (const text of invalid) t.equal(traceContextOf(text).parentId, undefined, JSON.stringify(text));
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.constantFrom(...invalid)), (text) =>
      /^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$/.test(traceparentOf(traceContextOf(text))),
    ),
  );
});
