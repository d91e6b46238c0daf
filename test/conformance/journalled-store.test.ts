import { join } from 'node:path';
import t from 'tap';
import { openJournal } from '../../src/quota/journal.ts';
import { createMemoryStore } from '../../src/quota/memory-store.ts';
import { createTurnedClock } from '../support/turned-clock.ts';
import { quotaStoreConformance } from './quota-store.ts';

const folder = t.testdir();
let count = 0;

quotaStoreConformance(t, async (t) => {
  const clock = createTurnedClock();
  const path = join(folder, `${count++}.journal`);
  const journal = await openJournal({ path, clock, onError: (error) => t.fail('the journal failed', { error }) });
  t.teardown(() => journal.close());
  return {
    store: createMemoryStore(clock, journal),
    advance: async (ms) => clock.advance(ms),
    stepWall: async (ms) => clock.stepWall(ms),
  };
});
