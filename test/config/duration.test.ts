import fc from 'fast-check';
import t from 'tap';
import { DURATION, POSITIVE_DURATION, parseDurationMs } from '../../src/config/duration.ts';

const UNITS_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

t.test('a count and a unit are a duration in milliseconds', async () => {
  const units = fc.constantFrom('ms', 's', 'm', 'h', 'd');
  fc.assert(
    fc.property(fc.nat(), units, (count, unit) => parseDurationMs(`${count}${unit}`) === count * UNITS_MS[unit]),
  );
});

t.test('anything else is not a number', async (t) => {
  for (const text of ['', '5', 'm', '5 m', '5m ', '-5m', '1.5h', '05m', '5M', '5min', '1h30m', '5m\n']) {
    t.ok(Number.isNaN(parseDurationMs(text)), JSON.stringify(text));
  }
});

t.test('the pattern for editors allows what the reader reads, and the positive one all of it but zero', async () => {
  const texts = fc.oneof(fc.stringMatching(/^[0-9]{0,3}[a-z]{0,2}$/), fc.string());
  fc.assert(
    fc.property(texts, (text) => {
      const durationMs = parseDurationMs(text);
      return (
        new RegExp(DURATION, 'u').test(text) === !Number.isNaN(durationMs) &&
        new RegExp(POSITIVE_DURATION, 'u').test(text) === durationMs > 0
      );
    }),
  );
});
