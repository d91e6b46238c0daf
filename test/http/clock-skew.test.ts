import fc from 'fast-check';
import { pino } from 'pino';
import t from 'tap';
import { ClockSkew } from '../../src/http/clock-skew.ts';
import type { UpstreamCall } from '../../src/http/exchange.ts';
import { VendorClocks } from '../../src/http/vendor-clocks.ts';
import { accountsAt } from '../support/gateway.ts';

t.test('nothing is known before an answer, nor from a text that is no date', async (t) => {
  const skew = new ClockSkew();
  // The last ones are dates to JavaScript: of some century, or of the time zone that this machine has.
  for (const date of [
    ...[undefined, 'soon', 5, ['Thu, 01 Jan 1970 00:00:01 GMT'], ''],
    ...[
      '5',
      '2026',
      '2026-01-01',
      'Thu Jan  1 00:00:01 1970',
      'Thu, 01 Jan 1970 00:00:01',
      'Thu, 01 Jan 1970 00:00:01 +0800',
    ],
  ]) {
    skew.add({ date, sentAt: 0, answeredAt: 0 });
  }
  t.equal(skew.seconds, undefined);
});

t.test('it is found to a second, however late some answers are', async () => {
  const exchange = fc.record({ at: fc.integer({ min: 1e12, max: 2e12 }), late: fc.boolean(), quick: fc.nat(200) });
  fc.assert(
    fc.property(
      fc.integer({ min: -7_200_000, max: 7_200_000 }),
      fc.array(exchange, { minLength: 15, maxLength: 40 }),
      (skewMs, exchanges) => {
        const skew = new ClockSkew();
        for (const [index, { at, late, quick }] of exchanges.entries()) {
          // A third may take half a minute, all of it on the way back.
          const tookMs = late && index % 3 === 0 ? 30_000 : quick;
          const date = new Date(at + quick / 2 + skewMs).toUTCString();
          skew.add({ date, sentAt: at, answeredAt: at + tookMs });
        }
        return Math.abs((skew.seconds ?? Number.NaN) - skewMs / 1000) <= 1;
      },
    ),
  );
});

t.test('slow answers are believed until there is a quick one, and never after it', async (t) => {
  const skew = new ClockSkew();
  const answer = (tookMs: number, toldMs: number) =>
    skew.add({ date: new Date(5e11 + toldMs).toUTCString(), sentAt: 5e11, answeredAt: 5e11 + tookMs });
  for (let n = 0; n < 15; n += 1) answer(30_000, 30_000);
  t.equal(skew.seconds, 15.5, 'nothing better is known');
  answer(2000, 1000);
  t.equal(skew.seconds, 0.5);
  for (let n = 0; n < 15; n += 1) answer(2001, 30_000);
  t.equal(skew.seconds, 0.5);
});

t.test('the date of an answer from a cache tells nothing', async (t) => {
  const account = accountsAt('https://vendor.example').get('main');
  const clock = { wall: () => 5e11, monotonic: () => 0 };
  const clocks = new VendorClocks({ clock, log: pino({ level: 'silent' }) });
  const date = new Date(5e11 - 60_000).toUTCString();
  const ended = (headers: Record<string, string>) =>
    clocks.ended({ account, writtenAt: 0 } as UpstreamCall, { statusCode: 200, headers });
  ended({ date, age: '60' });
  t.equal(clocks.seconds('main'), undefined);
  ended({ date });
  t.equal(clocks.seconds('main'), -59.5);
});

t.test('a clock that was set is believed after a few answers', async (t) => {
  const skew = new ClockSkew();
  const answer = (skewMs: number) =>
    skew.add({ date: new Date(5e11 + skewMs).toUTCString(), sentAt: 5e11, answeredAt: 5e11 });
  for (let n = 0; n < 100; n += 1) answer(0);
  for (let n = 0; n < 8; n += 1) answer(60_000);
  t.equal(skew.seconds, 60.5);
});
