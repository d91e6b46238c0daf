// From which difference on the vendor's clock matters.
import { pino } from 'pino';
import t from 'tap';
import type { UpstreamCall } from '../../src/http/exchange.ts';
import { VendorClocks } from '../../src/http/vendor-clocks.ts';
import { accountsAt } from '../support/gateway.ts';

const AT = 5e11;

/** A vendor so far ahead, as one answer tells it: to half a second. */
function ahead(seconds: number) {
  const lines: string[] = [];
  const log = pino({ level: 'warn' }, { write: (line) => void lines.push(line) });
  const clocks = new VendorClocks({ clock: { wall: () => AT, monotonic: () => 0 }, log });
  const account = accountsAt('https://vendor.example').get('main');
  const date = new Date(AT + (seconds - 0.5) * 1000).toUTCString();
  clocks.ended({ account, writtenAt: 0 } as UpstreamCall, { statusCode: 200, headers: { date } });
  return { clocks, lines };
}

t.test('signing follows it where it is more than two seconds off, and by a minute at the most', async (t) => {
  for (const [seconds, correctionMs] of [
    ...[
      [0.5, 0],
      [1.5, 0],
      [-1.5, 0],
      [2.5, 2500],
      [-2.5, -2500],
    ],
    ...[
      [59.5, 59_500],
      [90.5, 60_000],
      [-90.5, -60_000],
      [1e9 + 0.5, 60_000],
    ],
  ] as const) {
    t.equal(ahead(seconds).clocks.correctionMs('main'), correctionMs, `${seconds} s`);
  }
});

t.test('it is warned of from a minute on', async (t) => {
  for (const [seconds, warnings] of [
    [59.5, 0],
    [-59.5, 0],
    [60.5, 1],
    [-60.5, 1],
  ] as const) {
    t.equal(ahead(seconds).lines.length, warnings, `${seconds} s`);
  }
});
