// Redis away for ten windows, from all gateways at once, under load and in both modes.
import t from 'tap';
import { assertAway } from './assert-away.ts';
import { saturateThrough } from './away.ts';
import { SEED } from './chance.ts';
import { toLine } from './exactness.ts';
import { OUTAGES } from './outages.ts';

t.comment(`ACCURACY_SEED=${SEED}`);
const wanted = process.env['ACCURACY_OUTAGE'] ?? '';
for (const whenDown of ['closed', 'own'] as const) {
  for (const outage of OUTAGES.filter(({ name }) => `${whenDown} ${name}`.includes(wanted))) {
    t.test(
      `with Redis ${outage.name}, ${whenDown}: nobody overspends, everybody is answered, all recover`,
      async (t) => {
        const away = await saturateThrough(outage, { windowMs: 3000, windowsAway: 10, whenDown });
        t.comment(toLine(away.outcome));
        assertAway(t, away, { whenDown, leastUsed: 0.5 });
      },
    );
  }
}
