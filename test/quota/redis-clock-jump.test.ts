import t from 'tap';
import { admitted, denied, MARGIN_MS, request, spend, WINDOW_MS } from '../conformance/turned-store.ts';
import { HORIZON_MS, startFleet } from '../support/fleet.ts';
import { createTurnedClock } from '../support/turned-clock.ts';
import { recovers, twoReplicas } from '../support/two-replicas.ts';

const SPAN_MS = WINDOW_MS + MARGIN_MS;

for (const jumpMs of [100_000, 3_000_000, -100_000, -3_000_000]) {
  t.test(`the clock of Redis jumps by ${jumpMs / 1000} s: nothing frees early, and waits stay right`, async (t) => {
    const { fleet, one, other } = await twoReplicas(t);
    await spend(one.store, 2);
    await fleet.advance(1_000);
    await spend(other.store, 1);
    const spentAt = fleet.clock.monotonic();

    await fleet.turnServer(jumpMs);
    await recovers(t, one);
    await fleet.untilReady();

    const { waitMs } = await denied(other.store);
    t.equal(waitMs, spentAt - 1_000 + SPAN_MS - fleet.clock.monotonic());
    await fleet.advance(waitMs - 1);
    t.equal((await denied(one.store)).waitMs, 1);
    await fleet.advance(1);
    await spend(one.store, 2);
    t.equal((await denied(one.store)).waitMs, 1_000);
  });

  t.test(`the clock of Redis jumps by ${jumpMs / 1000} s during a recovery: nobody is forgotten`, async (t) => {
    const { fleet, one, other } = await twoReplicas(t);
    await spend(other.store, 3);
    await fleet.kill(other);
    await fleet.redis.flushdb();
    await fleet.advance(1_000);

    await fleet.turnServer(jumpMs);
    await fleet.advance(5_000);
    await recovers(t, one);
    await fleet.untilReady();
    await spend(one.store, 3);
    t.equal((await denied(one.store)).waitMs, SPAN_MS);
  });
}

t.test('the clock of Redis jumps in a recovery and a newcomer beats first: it opens nothing', async (t) => {
  const { fleet, one, other } = await twoReplicas(t);
  await spend(one.store, 3);
  await fleet.redis.flushdb();
  await fleet.beat();
  await fleet.beat();
  const newcomer = await fleet.join();
  await newcomer.store.beat();
  one.awake = false;
  other.awake = false;

  await fleet.turnServer(100_000);
  await fleet.advance(4_000);
  await recovers(t, newcomer);
  one.awake = true;
  other.awake = true;
  await fleet.untilReady();
  for (const replica of [newcomer, one, other]) await denied(replica.store);
});

t.test('a replica that slept through a change of the offset takes no time over that has just jumped', async (t) => {
  const { fleet, one, other } = await twoReplicas(t);
  const [sleeper] = await fleet.joinReady(1);
  if (sleeper === undefined) throw new Error('a third replica was asked for');
  sleeper.awake = false;
  await fleet.turnServer(3_000_000);
  await fleet.advance(HORIZON_MS + 5_000);
  await spend(one.store, 3);

  await fleet.turnServer(100_000);
  await recovers(t, sleeper);
  sleeper.awake = true;
  await fleet.untilReady();
  for (const replica of [sleeper, one, other]) await denied(replica.store);
});

t.test(
  'the clock jumps again behind the replica that corrected it, which then sleeps: the others notice',
  async (t) => {
    const { fleet, one, other } = await twoReplicas(t);
    const [corrector] = await fleet.joinReady(1);
    if (corrector === undefined) throw new Error('a third replica was asked for');
    await spend(corrector.store, 2);
    await spend(one.store, 1);
    await fleet.turnServer(-3_000_000);
    await corrector.store.beat();
    corrector.awake = false;

    await fleet.turnServer(100_000);
    await fleet.advance(5_000);
    for (const replica of [one, other]) await recovers(t, replica);
    corrector.awake = true;
    await fleet.untilReady();
    for (const replica of [corrector, one, other]) await denied(replica.store);
  },
);

t.test('a replica whose clock stood still does not hold time back for the others', async (t) => {
  const fleet = await startFleet(t);
  let lagMs = 0;
  const slow = { wall: () => fleet.clock.wall(), monotonic: () => fleet.clock.monotonic() - lagMs };
  const [sleeper] = await fleet.joinReady(1, { clock: slow });
  const [other] = await fleet.joinReady(1);
  if (sleeper === undefined || other === undefined) throw new Error('two replicas were asked for');
  sleeper.awake = false;
  await fleet.advance(600_000);
  lagMs = 600_000;
  await spend(other.store, 3);
  const spentAt = fleet.clock.monotonic();

  sleeper.awake = true;
  await fleet.advance(2_000);
  await fleet.untilReady();
  t.equal((await denied(other.store)).waitMs, spentAt + SPAN_MS - fleet.clock.monotonic());
  await fleet.advance(SPAN_MS);
  await spend(sleeper.store, 3);
  await denied(other.store);
});

t.test('jumps one after the other are corrected each', async (t) => {
  const { fleet, one, other } = await twoReplicas(t);
  await spend(one.store, 3);
  const spentAt = fleet.clock.monotonic();
  for (const jumpMs of [100_000, -250_000, 3_000_000]) {
    await fleet.turnServer(jumpMs);
    await fleet.advance(1_700);
  }
  await fleet.untilReady();

  t.equal((await denied(other.store)).waitMs, spentAt + SPAN_MS - fleet.clock.monotonic());
});

t.test('an answer that comes late is not taken for a jump', async (t) => {
  const { fleet, one, other } = await twoReplicas(t);
  const ask = one.client.call.bind(one.client);
  // Redis was stopped for 3 s with the question in its socket.
  one.client.call = async (name, keys, args) => {
    if (name === 'admit') await stall();
    return ask(name, keys, args);
  };
  const stall = async () => {
    fleet.clock.advance(3_000);
    await fleet.turnServer(0);
    one.client.call = ask;
  };

  await admitted(one.store);

  t.equal(await fleet.redis.hget(fleet.keys.state, 'off'), '0', 'nobody corrected anything');
  await fleet.beat();
  t.equal(other.store.mode(), 'ready');
});

t.test('a replica whose clock stood still corrects once, and the others follow', async (t) => {
  const { fleet, one, other } = await twoReplicas(t);
  const ownClock = createTurnedClock();
  const paused = await fleet.join({ clock: ownClock });
  for (let n = 0; n < 4; n += 1) {
    ownClock.advance(500);
    await fleet.advance(500);
  }
  await fleet.untilReady();
  await spend(paused.store, 1);
  await spend(one.store, 2);
  paused.awake = false;
  await fleet.advance(60_000);

  paused.awake = true;
  const epochs = new Set<string | null>();
  for (let n = 0; n < 20; n += 1) {
    ownClock.advance(500);
    await fleet.advance(500);
    epochs.add(await fleet.redis.hget(fleet.keys.state, 'epoch'));
  }
  t.ok(epochs.size <= 2, `${epochs.size} epochs`);
  t.equal(one.store.mode(), 'ready');
  t.equal(other.store.mode(), 'ready');
  t.equal(paused.store.mode(), 'ready');
});

t.test('a drift within the margin is nobody’s fault', async (t) => {
  const { fleet, one } = await twoReplicas(t);
  for (let n = 0; n < 40; n += 1) {
    await fleet.turnServer(100);
    await fleet.advance(500);
  }

  t.equal(one.store.mode(), 'ready');
  t.match(await admitted(one.store, request()), { states: [{ remaining: 2 }] });
});
