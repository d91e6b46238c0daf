import t from 'tap';
import { WaitingRoom } from '../../src/quota/waiting-room.ts';

const now = () => performance.now();
const nobodyLeaves = new AbortController().signal;

function permit(sendAt: number, id = '') {
  return { id, account: 'main', partitions: ['account'], signingSecond: 0, sendAt };
}

t.test('sleepers wake at their instant and not before, in the order of their instants', async (t) => {
  const room = new WaitingRoom({ places: 99, now });
  const start = now();
  const woken: number[] = [];

  await Promise.all(
    [30.4, 10.2, 20.9, 10.2, 0, -5].map(async (afterMs, index) => {
      t.equal(await room.sleep(permit(start + afterMs), nobodyLeaves), 'due');
      t.ok(now() >= start + afterMs, `${now() - start} ms`);
      woken.push(index);
    }),
  );

  t.strictSame(woken, [5, 4, 1, 3, 2, 0]);
  t.equal(room.waiting, 0);
});

t.test('nobody wakes early, whatever the timers do', async (t) => {
  // A timer of Node counts whole milliseconds, so it may fire while the clock stands a fraction before the instant.
  const room = new WaitingRoom({ places: 99, now });
  for (let n = 0; n < 40; n += 1) {
    const until = now() + 1 + n / 40;
    await room.sleep(permit(until), nobodyLeaves);
    if (now() < until) t.fail(`woken ${until - now()} ms early`);
  }
  t.pass();
});

t.test('who leaves is woken at once, and nobody else', async (t) => {
  const room = new WaitingRoom({ places: 99, now });
  const leaving = new AbortController();
  const start = now();
  const first = room.sleep(permit(start + 60_000), leaving.signal);
  const second = room.sleep(permit(start + 20), nobodyLeaves);
  t.equal(room.waiting, 2);

  leaving.abort();

  t.equal(room.waiting, 1);
  t.equal(await first, 'left');
  t.equal(await second, 'due');
});

t.test('who has left already does not sleep', async (t) => {
  const room = new WaitingRoom({ places: 99, now });

  t.equal(await room.sleep(permit(now() + 60_000), AbortSignal.abort()), 'left');
});

t.test('who is recalled is woken at once, in the order of their instants, and nobody else', async (t) => {
  const room = new WaitingRoom({ places: 99, now });
  const start = now();
  const woken: string[] = [];
  const sleep = async (id: string, afterMs: number) => {
    const end = await room.sleep(permit(start + afterMs, id), nobodyLeaves);
    woken.push(`${id} ${end}`);
  };
  const sleeping = [sleep('late', 60_000), sleep('early', 30_000), sleep('other', 20)];

  room.recall(({ id }) => id !== 'other');

  t.equal(room.waiting, 1);
  await Promise.all(sleeping);
  t.strictSame(woken, ['early recalled', 'late recalled', 'other due']);
});

t.test('closing wakes everybody, and nobody sleeps after it', async (t) => {
  const room = new WaitingRoom({ places: 99, now });
  const sleeping = [1, 2, 3].map((minutes) => room.sleep(permit(now() + minutes * 60_000), nobodyLeaves));

  room.close();

  t.strictSame(await Promise.all(sleeping), ['closing', 'closing', 'closing']);
  t.equal(await room.sleep(permit(now() + 60_000), nobodyLeaves), 'closing');
  t.notOk(room.hasPlace);
});

t.test('a place is taken from before the store is asked until the stay is over, however it ends', async (t) => {
  const room = new WaitingRoom({ places: 1, now });
  await room.hold(async () => t.notOk(room.hasPlace));
  t.ok(room.hasPlace);

  await t.rejects(room.hold(() => Promise.reject(new Error('refused'))));
  t.ok(room.hasPlace);
});
