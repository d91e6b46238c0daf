// An admission right after an outage has to join first and can be asked only then: all of it has one deadline.
import { setTimeout as pause } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { spend } from '../conformance/turned-store.ts';
import { throughProxy } from '../support/through-proxy.ts';
import { isUnreachable } from '../support/two-replicas.ts';

const DEADLINE_MS = 800;
/** Joining after an outage is three round trips, for what was lost, what is known and a beat: most of the deadline. */
const SLOW_MS = 220;
const SLACK_MS = 300;

async function afterAnOutage(t: Test) {
  const setup = await throughProxy(t, { deadlineMs: DEADLINE_MS });
  const { fleet, proxy, one, other, reconnect } = setup;
  proxy.refuse();
  await isUnreachable(t, one);
  await reconnect(one, other);
  proxy.delay(SLOW_MS);
  const charged = () => fleet.redis.zcard(fleet.keys.log('account'));
  return { ...setup, charged };
}

t.jobs = 4; // They mostly wait, each for itself.

t.test('right after an outage an admission is answered by the deadline; what it took too late goes back', async (t) => {
  const { proxy, one, charged } = await afterAnOutage(t);
  const calls = one.client.calls;

  const began = performance.now();
  await isUnreachable(t, one);
  const took = performance.now() - began;

  t.ok(took < DEADLINE_MS + SLACK_MS, `${took} ms`);
  proxy.delay(0);
  // The three, the question, and its refund.
  while (one.client.calls < calls + 5) await pause(5);
  while ((await charged()) > 0) await pause(5);
  t.equal(one.store.mode(), 'ready', 'Redis answers, so nothing is lost');
  await spend(one.store, 3);
});

t.test('an admission that is not ready by the deadline is never asked', async (t) => {
  const { proxy, one, charged } = await afterAnOutage(t);
  proxy.delay(DEADLINE_MS * 0.6);

  await isUnreachable(t, one);
  while (one.store.mode() !== 'ready') await pause(5);
  const calls = one.client.calls;

  await pause(DEADLINE_MS);
  t.equal(one.client.calls, calls);
  t.equal(await charged(), 0);
});
