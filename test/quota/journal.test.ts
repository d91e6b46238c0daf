import { execFileSync } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause, setImmediate as turn } from 'node:timers/promises';
import t from 'tap';
import { openJournal } from '../../src/quota/journal.ts';
import { startHolder } from '../support/holder.ts';
import { admission, idsOf, KEEP_MS, opened, replayAt, threeAdmissions } from '../support/journals.ts';
import { createTurnedClock } from '../support/turned-clock.ts';

t.test('a last line that is torn anywhere is passed over, and gone from then on', async (t) => {
  const { path, clock, text } = await threeAdmissions(t);
  const lastLine = text.lastIndexOf('\n', text.length - 2) + 1;
  for (let end = lastLine; end < text.length; end += 9) {
    writeFileSync(path, text.slice(0, end));
    const journal = await opened(t, path, { clock });
    t.strictSame(idsOf(journal.replay()), ['one', 'two']);
    journal.append(admission('four', clock.monotonic()));
    await journal.close();

    const next = await opened(t, path, { clock });
    t.strictSame(idsOf(next.replay()), ['one', 'two', 'four']);
    await next.close();
  }
});

t.test('any other damage stops the start, names the line and leaves the file as it is', async (t) => {
  const { path, text } = await threeAdmissions(t);
  const lines = text.split('\n');
  const damages: readonly (readonly [number, string])[] = [
    [3, text.replace('"two"', '"owt"')],
    [3, text.replace('"two"', '"tw"')],
    [4, text.replace('"three"', '"\0\0\0\0\0"')],
    [2, text.replace(`${lines[1]}\n`, `${lines[1]}`)],
    [2, text.replace(`${lines[1]}\n`, '\n')],
    [3, `${lines.slice(0, 2).join('\n')}\n${lines[0]}\n`],
    [1, text.slice(1)],
    [1, `${lines.slice(1).join('\n')}`],
    [1, 'accounts:\n  main: {}\n'],
    [1, 'some other file'],
  ];
  for (const [line, damaged] of damages) {
    writeFileSync(path, damaged);

    await t.rejects(opened(t, path), {
      message: new RegExp(`^journal ${path} line ${line} is damaged, .*bring the file back, or move it away and start`),
    });
    t.equal(readFileSync(path, 'utf8'), damaged);
  }
});

t.test('a journal that is empty or not there yet begins with nothing spent', async (t) => {
  const folder = t.testdir({ empty: '' });
  for (const name of ['empty', 'new']) {
    const journal = await opened(t, join(folder, name));
    t.strictSame(journal.replay(), []);
    await journal.close();
  }
  await t.rejects(opened(t, join(folder, 'nowhere/journal')), /nowhere\/journal can't be used \(ENOENT\)/);
});

t.test('the file stays about as large as what is alive, and loses nothing while it is written anew', async (t) => {
  const path = join(t.testdir(), 'journal');
  const clock = createTurnedClock();
  const journal = await opened(t, path, { clock });
  let largest = 0;
  for (let n = 0; n < 30_000; n += 1) {
    journal.append(admission(`${n}`, clock.monotonic()));
    journal.append({ kind: 'settle', at: clock.monotonic(), id: `${n}` });
    // 1000 are alive at any time.
    clock.advance(KEEP_MS / 1_000);
    if (n % 7 === 0) await turn();
    const { size } = statSync(path);
    largest = Math.max(largest, size);
    // A slow disk can't keep up with a process that does nothing else; given time, it can.
    if (size > 1_500_000) await pause(2);
  }
  t.ok(largest < 3_000_000, `${largest} bytes, where 9 MB were written`);
  await journal.close();

  const next = await opened(t, path, { clock });
  const ids = idsOf(next.replay()).slice(-1_000);
  t.strictSame(
    ids,
    Array.from({ length: 1_000 }, (_, index) => `${29_000 + index}`),
  );
  await next.close();
});

t.test(
  'of two blocks of a partition the one that ends later is kept, also when the file is written anew',
  async (t) => {
    const path = join(t.testdir(), 'journal');
    const clock = createTurnedClock();
    const journal = await opened(t, path, { clock });
    const block = { kind: 'block' as const, at: clock.monotonic(), account: 'main', partition: 'account' };
    journal.append({ ...block, until: block.at + 5_000 });
    journal.append({ ...block, until: block.at + 1_000 });
    await journal.close();
    await (await opened(t, path, { clock })).close();

    const entries = await replayAt(t, path, clock);

    t.match(entries, [{ ...block, until: block.at + 5_000 }]);
    t.equal(entries.length, 1);
  },
);

t.test('what does not fit on the disk is refused, told once, and never half in the file', async (t) => {
  const path = join(t.testdir(), 'journal');
  const holder = await startHolder(path, { fileBlocks: 8 });
  t.equal(holder.started, 'held');

  const full = await holder.admit(100);
  const stillFull = await holder.admit(3);
  t.ok(full.ids.length > 10 && full.ids.length < 100, `${full.ids.length} fitted`);
  t.strictSame(full.told, [`journal ${path} can't be written, so nothing is sent`]);
  t.strictSame(stillFull, { ids: [], told: [] });

  execFileSync('bash', ['-c', `prlimit --pid ${holder.pid} --fsize=unlimited`]);
  const after = await holder.admit(3);
  t.equal(after.ids.length, 3, 'admits again when there is room');
  await holder.kill();

  const journal = await openJournal({
    path,
    clock: { wall: () => Date.now(), monotonic: () => Number(process.hrtime.bigint()) / 1e6 },
    onError: (error) => t.fail('the journal failed', { error }),
  });
  t.strictSame(idsOf(journal.replay()), [...full.ids, ...after.ids]);
  await journal.close();
});
