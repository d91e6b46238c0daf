import fc from 'fast-check';
import t from 'tap';
import { Ledger } from '../../src/quota/ledger.ts';
import { OwnUnits } from '../../src/quota/own-units.ts';
import { MOST_SKEW_S } from '../../src/quota/signing-seconds.ts';
import { createTurnedClock } from '../support/turned-clock.ts';

const skews = fc.integer({ min: -MOST_SKEW_S, max: MOST_SKEW_S }).map((seconds) => seconds * 1000);

t.test(
  'no replica takes a second that another may have signed with, whatever each knows of the vendor’s clock',
  async (t) => {
    fc.assert(
      fc.property(fc.array(skews, { minLength: 2, maxLength: 61 }), skews, (known, before) => {
        const clock = createTurnedClock();
        const since = clock.monotonic();
        // What the store gave at the latest: as far ahead as an interface admits, by the clock of a vendor of another skew.
        const given = Math.floor((clock.wall() + before) / 1000) + 59;
        const seconds = known.map((clockSkewMs, rank) => {
          const places = [{ partition: 'account', keepsMs: 301_000 }];
          const units = [{ places, lastSeen: since, pending: false, seeded: false }];
          const decision = new OwnUnits(clock).admit(
            {
              account: 'main',
              charges: [{ partition: 'account', policies: [{ name: 'account', quota: 9, windowMs: 300_000 }] }],
              marginMs: 1000,
              leaseMs: 60_000,
              fingerprint: 'alike',
              clockSkewMs,
              consumer: 'someone',
              maxWaitMs: 0,
            },
            { ledger: new Ledger(), silence: { since, units, rank }, id: 'x', cause: new Error('no unit') },
          );
          return decision.allowed ? decision.permit.signingSecond : undefined;
        });
        const signed = seconds.filter((second) => second !== undefined);
        return signed.every((second) => second > given) && new Set(signed).size === signed.length;
      }),
    );
    t.pass();
  },
);
