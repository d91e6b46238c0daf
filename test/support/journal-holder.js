// A process of its own that opens the journal named by its first argument at the time in its second, with the build that is
// tested. It says `held` or why not; if it holds the journal, it admits as often as each line of its standard input says, then
// says which ids are in the file.
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { openJournal } from '../../dist/quota/journal.js';

const clock = { wall: () => Date.now(), monotonic: () => Number(process.hrtime.bigint()) / 1e6 };
const say = (text) => process.stdout.write(`${text}\n`);

const [, , path, at] = process.argv;
await pause(Number(at) - Date.now());
try {
  const journal = await openJournal({ path, clock, onError: (error) => say(`told ${error.message}`) });
  say('held');
  let count = 0;
  for await (const line of createInterface({ input: process.stdin })) {
    const written = [];
    for (let n = 0; n < Number(line); n += 1) {
      const at = clock.monotonic();
      const id = `${process.pid}-${count++}`;
      const charges = [{ partition: 'account', keepMs: 600_000 }];
      try {
        journal.append({ kind: 'admit', at, id, account: 'main', charges, lastSeen: at + 60_000, tag: 'tag0' });
        written.push(id);
      } catch {
        // Refused, as the gateway would be.
      }
    }
    say(`wrote ${written.join(' ')}`);
  }
  await journal.close();
} catch (error) {
  say(`failed ${error.message}`);
}
