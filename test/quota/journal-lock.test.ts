import { mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { openJournal } from '../../src/quota/journal.ts';
import { startHolder } from '../support/holder.ts';
import { createTurnedClock } from '../support/turned-clock.ts';

function tryOpen(path: string) {
  return openJournal({
    path,
    clock: createTurnedClock(),
    onError: (error) => {
      throw error;
    },
  });
}

t.test('a journal in use is refused, by whatever path it is called', async (t) => {
  const folder = t.testdir({ other: {} });
  const path = join(folder, 'journal');
  const journal = await tryOpen(path);
  symlinkSync(path, join(folder, 'other/link'));

  await t.rejects(tryOpen(path), { message: `journal ${path} is in use by another process` });
  await t.rejects(tryOpen(join(folder, 'other/link')), /is in use by another process$/);

  await journal.close();
  await (await tryOpen(path)).close();
});

t.test('a journal that was closed leaves only itself behind', async (t) => {
  const folder = t.testdir();
  const journal = await tryOpen(join(folder, 'journal'));
  await journal.close();
  await journal.close();

  t.strictSame(readdirSync(folder), ['journal']);
});

t.test('a path longer than that of a socket may be is locked all the same', async (t) => {
  const folder = join(t.testdir(), 'a'.repeat(200));
  mkdirSync(folder);
  const journal = await tryOpen(join(folder, 'journal'));

  await t.rejects(tryOpen(join(folder, 'journal')), /is in use by another process$/);
  await journal.close();
  await t.rejects(tryOpen(join(folder, 'b'.repeat(120))), /b has too long a name for its lock; name it more shortly$/);
});

t.test('of many processes that start at once exactly one holds the journal, also after kill -9', async (t) => {
  const folder = t.testdir();
  const path = join(folder, 'journal');
  for (let round = 1; round <= 4; round += 1) {
    const at = Date.now() + 1_500;
    const holders = await Promise.all(Array.from({ length: 8 }, () => startHolder(path, { at })));

    const refused = holders.map(({ started }) => started).filter((started) => started !== 'held');
    t.strictSame(refused, Array(7).fill(`failed journal ${path} is in use by another process`));
    t.strictSame(readdirSync(folder), ['journal', `journal.lock.${round}`]);
    await Promise.all(holders.map((holder) => holder.kill()));
  }
});
