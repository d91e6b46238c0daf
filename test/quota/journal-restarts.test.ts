import { deepStrictEqual } from 'node:assert/strict';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import type { Clock } from '../../src/quota/clock.ts';
import { history, play, type Step } from '../conformance/history.ts';
import { ReferenceStore } from '../support/reference-store.ts';
import { RestartingStore } from '../support/restarting-store.ts';
import { createTurnedClock, type TurnedClock } from '../support/turned-clock.ts';

const folder = t.testdir();
const restarts = fc.array(fc.nat(90), { minLength: 1, maxLength: 4 });
const RUNS = 150;
let count = 0;

/** Plays one history on a store that restarts and on one that never does, and compares all they said. */
async function compare(
  steps: readonly Step[],
  restarts: readonly number[],
  clockOf: (clock: TurnedClock, process: number) => { clock: Clock; boot: string },
): Promise<void> {
  const clock = createTurnedClock();
  const path = join(folder, `${count++}`);
  const restarting = new RestartingStore({ path, restarts, clockOf: (process) => clockOf(clock, process) });
  try {
    deepStrictEqual(await playOn(steps, clock, restarting), await playOnReference(steps));
  } finally {
    await restarting.close();
  }
}

function playOnReference(steps: readonly Step[]) {
  const clock = createTurnedClock();
  return playOn(steps, clock, new ReferenceStore(clock));
}

function playOn(steps: readonly Step[], clock: TurnedClock, store: ReferenceStore | RestartingStore) {
  return play(steps, {
    store,
    advance: async (ms) => clock.advance(ms),
    stepWall: async (ms) => clock.stepWall(ms),
  });
}

t.test('a store that is killed at any point and goes on from its journal decides as one that never was', async (t) => {
  await fc.assert(
    fc.asyncProperty(history, restarts, (steps, restarts) =>
      compare(steps, restarts, (clock) => ({ clock, boot: 'the only one' })),
    ),
    { numRuns: RUNS },
  );
  t.pass();
});

t.test('so it does after a reboot, by the time of day, if that was not set meanwhile', async (t) => {
  const rebooted = (clock: TurnedClock, process: number) => ({
    clock: { wall: clock.wall, monotonic: () => clock.monotonic() - 5_000 * process },
    boot: `boot ${process}`,
  });
  await fc.assert(
    fc.asyncProperty(history, restarts, (steps, restarts) =>
      compare(
        steps.filter(({ kind }) => kind !== 'step-wall'),
        restarts,
        rebooted,
      ),
    ),
    { numRuns: RUNS },
  );
  t.pass();
});
