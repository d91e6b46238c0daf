import t from 'tap';
import { createGate, type Patience, type Wait } from '../../src/quota/gate.ts';
import { createMemoryStore } from '../../src/quota/memory-store.ts';
import { WaitingRoom } from '../../src/quota/waiting-room.ts';

const now = () => performance.now();

/** A gate to one unit, which is spent. */
async function spentGate(windowMs = 50_000) {
  const store = createMemoryStore({ wall: () => Date.now(), monotonic: now });
  const waitingRoom = new WaitingRoom({ places: 9, now });
  const onStoreError = (error: unknown) => {
    throw error;
  };
  const gate = createGate(store, { waitingRoom, leaseMs: 60_000, now, onStoreError });
  const request = {
    account: 'main',
    interfaceId: 'GET /api/domain',
    charges: [{ partition: 'account', policies: [{ name: 'account', quota: 1, windowMs }] }],
    marginMs: 0,
    consumer: 'someone',
  };
  const { permit } = await gate.admit(request);
  await gate.settle(permit, { kind: 'sent' });
  const unitsCharged = async () => (await store.usage('main'))[0]?.units.length ?? 0;
  return { gate, request, permit, waitingRoom, unitsCharged };
}

function patience(options: Partial<Patience> = {}): Patience {
  return { maxWaitMs: 60_000, leaving: new AbortController().signal, onWait: () => {}, ...options };
}

t.test('patience is answered when the unit is free, and told of the wait before', async (t) => {
  const { gate, request } = await spentGate(200);
  const waits: Wait[] = [];

  const admitted = gate.admit(request, patience({ onWait: (wait) => waits.push(wait) }));
  await new Promise(setImmediate);
  t.equal(waits.length, 1);
  const { permit } = await admitted;

  t.ok(now() >= permit.sendAt);
  t.equal(waits[0]?.until, permit.sendAt);
});

t.test('a request without patience, or with too little, is refused at once', async (t) => {
  const { gate, request, unitsCharged } = await spentGate();

  await t.rejects(gate.admit(request), { code: 'quota-exceeded' });
  await t.rejects(gate.admit(request, patience({ maxWaitMs: 1 })), { code: 'quota-exceeded' });

  t.equal(await unitsCharged(), 1);
});

t.test('a caller that left before the store answered keeps no unit', async (t) => {
  const { gate, request, unitsCharged } = await spentGate();

  await t.rejects(gate.admit(request, patience({ leaving: AbortSignal.abort() })), { code: 'caller-left' });

  t.equal(await unitsCharged(), 1);
});

t.test('when the gateway stops while the store is asked, nobody waits and the units go back', async (t) => {
  const { gate, request, waitingRoom, unitsCharged } = await spentGate();

  const admitted = gate.admit(request, patience());
  waitingRoom.close();

  await t.rejects(admitted, { code: 'shutting-down' });
  t.equal(await unitsCharged(), 1);
});

/** A gate with a waiter whose unit is free in 200 ms. */
async function gateWithWaiter(maxWaitMs: number) {
  const spent = await spentGate(200);
  const waits: Wait[] = [];
  const admitted = spent.gate.admit(spent.request, patience({ maxWaitMs, onWait: (wait) => waits.push(wait) }));
  await new Promise(setImmediate);
  return { ...spent, admitted, waits };
}

t.test('who waits while the vendor closes the partition is sent after it opens', async (t) => {
  const { gate, permit, admitted, waits, unitsCharged } = await gateWithWaiter(60_000);

  const closedAt = now();
  await gate.settle(permit, { kind: 'throttled', retryAfterMs: 500 });
  const decision = await admitted;

  t.ok(decision.permit.sendAt >= closedAt + 500, `sent after ${decision.permit.sendAt - closedAt} ms`);
  t.equal(await unitsCharged(), 1, 'the place that it had before went back');
  t.equal(waits.length, 2);
  t.equal(waits[1]?.from, waits[0]?.from, 'it is one wait');
  t.equal(waits[1]?.until, decision.permit.sendAt);
});

t.test(
  'who waits while the vendor closes the partition for longer than patience lasts is refused at once',
  async (t) => {
    const { gate, permit, admitted, unitsCharged } = await gateWithWaiter(400);

    const refused = t.rejects(admitted, { code: 'quota-exceeded' });
    await gate.settle(permit, { kind: 'throttled', retryAfterMs: 30_000 });

    await refused;
    t.equal(await unitsCharged(), 1);
  },
);

t.test('who waits for a time after the partition opens, or for another one, keeps that time', async (t) => {
  const { gate, request, permit, admitted, waits } = await gateWithWaiter(60_000);

  await gate.settle(permit, { kind: 'throttled', retryAfterMs: 1 });
  const other = { ...request, account: 'other' };
  await gate.settle((await gate.admit(other)).permit, { kind: 'throttled', retryAfterMs: 500 });
  await admitted;

  t.equal(waits.length, 1);
});

t.test('settlements under way can be waited for, before the store is closed', async (t) => {
  const store = createMemoryStore({ wall: () => Date.now(), monotonic: now });
  let answer = () => {};
  const slow = new Promise<void>((resolve) => {
    answer = resolve;
  });
  // Its answer is on its way, as Redis's may be.
  store.settle = () => slow;
  const waitingRoom = new WaitingRoom({ places: 9, now });
  const gate = createGate(store, { waitingRoom, leaseMs: 60_000, now, onStoreError: () => {} });
  await gate.settled();
  const { permit } = await gate.admit({ account: 'main', interfaceId: 'a', charges: [], marginMs: 0, consumer: 'x' });
  void gate.settle(permit, { kind: 'sent' });
  let settled = false;
  const all = gate.settled().then(() => {
    settled = true;
  });
  await new Promise(setImmediate);
  t.notOk(settled);
  answer();
  await all;
  t.ok(settled);
});
