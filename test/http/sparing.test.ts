import t from 'tap';
import { createSparing } from '../../src/http/sparing.ts';
import { createTurnedClock } from '../support/turned-clock.ts';

t.test('the first of a kind is told at once, then how many there were once per interval', async (t) => {
  const clock = createTurnedClock();
  const sparing = createSparing({ now: clock.monotonic, everyMs: 1000 });
  const told: [string, number][] = [];
  const happen = (kind: string, times = 1) => {
    for (let n = 0; n < times; n++) sparing(kind, (count) => told.push([kind, count]));
  };
  happen('a', 5);
  happen('b');
  clock.advance(999);
  happen('a');
  t.strictSame(told, [
    ['a', 1],
    ['b', 1],
  ]);
  clock.advance(1);
  happen('a', 2);
  t.strictSame(told.slice(2), [['a', 6]]);
});

t.test('kinds without end are told each, and not remembered for ever', async (t) => {
  const sparing = createSparing({ now: () => 0, everyMs: 1000 });
  let told = 0;
  for (let n = 0; n < 1000; n++) sparing(String(n), () => told++);
  t.equal(told, 1000);
  for (let n = 0; n < 1000; n++) sparing(String(n), () => told++);
  t.equal(told, 2000, 'the oldest were forgotten');
});
