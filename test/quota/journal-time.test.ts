// How the time of a journal goes on from one process to the next.
import t from 'tap';
import { LEASE_MS, replayAt, threeAdmissions } from '../support/journals.ts';

t.test('within a boot time goes on by the monotonic clock, wherever the time of day is set', async (t) => {
  const { path, clock } = await threeAdmissions(t);
  const [before] = await replayAt(t, path, clock);
  clock.advance(400);
  clock.stepWall(-3_600_000);

  t.strictSame((await replayAt(t, path, clock))[0], before);
});

t.test('after a reboot time goes on by the time of day, and never back', async (t) => {
  for (const { stepMs, passedMs } of [
    { stepMs: 0, passedMs: 400 },
    { stepMs: 5_000, passedMs: 5_400 },
    { stepMs: -3_600_000, passedMs: 0 },
  ]) {
    const { path, clock } = await threeAdmissions(t);
    clock.advance(400);
    clock.stepWall(stepMs);
    const rebooted = { wall: clock.wall, monotonic: () => 50 };

    const [first] = await replayAt(t, path, rebooted, 'next boot');

    t.match(first, { at: 50 - passedMs, lastSeen: 50 - passedMs + LEASE_MS });
  }
});

t.test('a boot that has no name counts as another one each time', async (t) => {
  const { path, clock } = await threeAdmissions(t);
  clock.advance(400);
  clock.stepWall(600);

  const [first] = await replayAt(t, path, clock, '');

  t.equal(first?.at, clock.monotonic() - 1_000);
});
