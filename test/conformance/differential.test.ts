import fc from 'fast-check';
import t from 'tap';
import { createMemoryStore } from '../../src/quota/memory-store.ts';
import { createTurnedClock } from '../support/turned-clock.ts';
import { history, play } from './history.ts';
import { redisStores } from './turned-redis.ts';
import type { TurnedStore } from './turned-store.ts';

const LEAST_STEPS = 20_000;

t.test('whatever happens, a Redis store says what a memory store says', async (t) => {
  const makeStore = await redisStores(t);
  let played = 0;

  await fc.assert(
    fc.asyncProperty(history, async (steps) => {
      played += steps.length;
      const inMemory = await play(steps, turnedMemoryStore());
      const inRedis = await play(steps, await makeStore());
      const differs = inMemory.findIndex((said, index) => textOf(said) !== textOf(inRedis[index]));
      if (differs >= 0) throw new Error(`${textOf(inMemory[differs])} in memory, ${textOf(inRedis[differs])} in Redis`);
    }),
    { numRuns: 420 },
  );

  t.ok(played >= LEAST_STEPS, `${played} steps`);
});

function turnedMemoryStore(): TurnedStore {
  const clock = createTurnedClock();
  return {
    store: createMemoryStore(clock),
    advance: async (ms) => clock.advance(ms),
    stepWall: async (ms) => clock.stepWall(ms),
  };
}

/** The same for two things that are alike, whatever the order of their fields. */
function textOf(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part) ? Object.entries(part).sort() : part,
  );
}
