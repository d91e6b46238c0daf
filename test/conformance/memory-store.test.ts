import t from 'tap';
import { createMemoryStore } from '../../src/quota/memory-store.ts';
import { createTurnedClock } from '../support/turned-clock.ts';
import { quotaStoreConformance } from './quota-store.ts';

quotaStoreConformance(t, async () => {
  const clock = createTurnedClock();
  return {
    store: createMemoryStore(clock),
    advance: async (ms) => clock.advance(ms),
    stepWall: async (ms) => clock.stepWall(ms),
  };
});
