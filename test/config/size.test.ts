import fc from 'fast-check';
import t from 'tap';
import { parseSizeBytes, SIZE } from '../../src/config/size.ts';

const UNITS_BYTES = { B: 1, KiB: 1_024, MiB: 1_048_576, GiB: 1_073_741_824 } as const;

t.test('a count and a unit are a size in bytes', async () => {
  const units = fc.constantFrom('B', 'KiB', 'MiB', 'GiB');
  fc.assert(
    fc.property(
      fc.integer({ min: 1 }),
      units,
      (count, unit) => parseSizeBytes(`${count}${unit}`) === count * UNITS_BYTES[unit],
    ),
  );
});

t.test('anything else is not a number', async (t) => {
  for (const text of ['', '5', '0B', '5 MiB', '5MB', '5kb', '1.5GiB', '-1B', '01B', '5B\n', `1${'0'.repeat(15)}B`]) {
    t.ok(Number.isNaN(parseSizeBytes(text)), JSON.stringify(text));
  }
});

t.test('the pattern for editors allows what the reader reads', async () => {
  const texts = fc.oneof(fc.stringMatching(/^[0-9]{0,3}(B|KiB|MiB|GiB|KB)?$/), fc.string());
  fc.assert(fc.property(texts, (text) => new RegExp(SIZE, 'u').test(text) === Number.isFinite(parseSizeBytes(text))));
});
