import fc from 'fast-check';
import t from 'tap';
import { ReplayLog } from '../../src/sandbox/replay-log.ts';

const WINDOW_MS = 300_000;

t.test(
  'a signature is good again exactly 5 minutes after it was used, however often it was refused since',
  async (t) => {
    const replays = new ReplayLog();
    t.equal(replays.use('a', 0), true);
    t.equal(replays.use('a', 1), false);
    t.equal(replays.use('a', WINDOW_MS - 1), false);
    t.equal(replays.use('a', WINDOW_MS), true);
    t.equal(replays.use('a', WINDOW_MS + 1), false);
  },
);

t.test('agrees with a list of all uses that is searched each time', async () => {
  const step = fc.record({
    signature: fc.constantFrom('a', 'b', 'c'),
    laterMs: fc.integer({ min: 0, max: WINDOW_MS }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const replays = new ReplayLog();
      const uses: { signature: string; at: number }[] = [];
      let at = 0;
      return steps.every(({ signature, laterMs }) => {
        at += laterMs;
        const isFree = !uses.some((use) => use.signature === signature && at - use.at < WINDOW_MS);
        if (isFree) uses.push({ signature, at });
        return replays.use(signature, at) === isFree;
      });
    }),
  );
});
