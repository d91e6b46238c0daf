import type { Test } from 'tap';
import {
  admitted,
  charge,
  denied,
  LEASE_MS,
  MARGIN_MS,
  type MakeStore,
  permitOf,
  request,
  spend,
  WINDOW_MS,
} from './turned-store.ts';

const SPAN_MS = WINDOW_MS + MARGIN_MS;

/** What `admit` decides, and what it says of the policies. */
export function admissionPromises(t: Test, makeStore: MakeStore): void {
  t.test('a policy admits its quota and then denies', async (t) => {
    const { store } = await makeStore(t);

    const remaining = [];
    for (let n = 0; n < 3; n += 1) remaining.push((await admitted(store)).states[0]?.remaining);

    t.strictSame(remaining, [2, 1, 0]);
    t.match(await denied(store), { states: [{ remaining: 0, violated: true }] });
  });

  t.test('of requests that ask at the same time no more are admitted than the quota', async (t) => {
    const { store } = await makeStore(t);

    const decisions = await Promise.all(Array.from({ length: 20 }, () => store.admit(request())));

    t.equal(decisions.filter(({ allowed }) => allowed).length, 3);
  });

  t.test('the states name every policy in the order of the charges, with the window as stated', async (t) => {
    const { store } = await makeStore(t);
    const charges = [
      charge('account'),
      charge('interface', [
        { name: 'interface', quota: 2 },
        { name: 'interface-60s', quota: 5, windowMs: 60_000 },
      ]),
    ];

    const { states } = await admitted(store, request({ charges }));

    t.strictSame(states, [
      { name: 'account', quota: 3, windowMs: WINDOW_MS, remaining: 2, resetMs: SPAN_MS, violated: false },
      { name: 'interface', quota: 2, windowMs: WINDOW_MS, remaining: 1, resetMs: SPAN_MS, violated: false },
      { name: 'interface-60s', quota: 5, windowMs: 60_000, remaining: 4, resetMs: 60_000 + MARGIN_MS, violated: false },
    ]);
  });

  t.test('a request refused by the interface policy spends nothing of the account policy', async (t) => {
    const { store } = await makeStore(t);
    const charges = [charge('account'), charge('interface', [{ quota: 1 }])];
    await spend(store, 1, request({ charges }));

    const refused = await denied(store, request({ charges }));

    t.match(refused.states, [
      { remaining: 2, violated: false },
      { remaining: 0, violated: true },
    ]);
    t.equal((await admitted(store)).states[0]?.remaining, 1);
  });

  t.test('a denial waits for the slowest of all policies', async (t) => {
    const { store, advance } = await makeStore(t);
    const hourly = { quota: 2, windowMs: 3_600_000 };
    const charges = [charge('account'), charge('interface', [{ quota: 1 }, hourly])];
    await spend(store, 1, request({ charges }));
    t.equal((await denied(store, request({ charges }))).waitMs, SPAN_MS, 'the short window is full');

    await advance(SPAN_MS);
    await spend(store, 1, request({ charges }));

    t.equal((await denied(store, request({ charges }))).waitMs, 3_600_000 + MARGIN_MS - SPAN_MS, 'so is the long one');
  });

  t.test('with nothing remaining the reset is exactly when the next unit frees', async (t) => {
    const { store, advance } = await makeStore(t);
    await spend(store, 1);
    await advance(1_000);
    await spend(store, 2);
    await advance(500);

    const { waitMs, states } = await denied(store);

    t.equal(states[0]?.resetMs, SPAN_MS - 1_500);
    t.equal(waitMs, SPAN_MS - 1_500);
  });

  t.test('with nothing remaining and all in flight the reset is an upper bound, until an answer comes', async (t) => {
    const { store, advance } = await makeStore(t);
    const charges = [charge('account', [{ quota: 1 }])];
    const { permit, states } = await admitted(store, request({ charges }));
    t.match(states, [{ remaining: 0, resetMs: LEASE_MS + SPAN_MS, violated: false }]);

    await advance(200);
    await store.settle(permit);

    t.equal((await denied(store, request({ charges }))).waitMs, SPAN_MS);
  });

  t.test('with units remaining the reset is when the oldest comes back, as if it were answered now', async (t) => {
    const { store, advance } = await makeStore(t);
    await permitOf(store);
    await advance(LEASE_MS + 400);

    t.equal((await admitted(store)).states[0]?.resetMs, SPAN_MS - 400, 'its lease ran out 400 ms ago');
  });

  t.test('of a policy with nothing charged the reset is 0', async (t) => {
    const { store } = await makeStore(t);
    await spend(store, 1, request({ charges: [charge('interface', [{ quota: 1 }])] }));

    const { states } = await denied(store, request({ charges: [charge(), charge('interface', [{ quota: 1 }])] }));

    t.match(states[0], { remaining: 3, resetMs: 0 });
  });

  t.test('a lower quota denies until enough units have come back', async (t) => {
    const { store, advance } = await makeStore(t);
    const lower = request({ charges: [charge('account', [{ quota: 1 }])] });
    for (let n = 0; n < 3; n += 1) {
      await spend(store, 1);
      await advance(1_000);
    }

    t.match(await denied(store, lower), { waitMs: SPAN_MS - 1_000, states: [{ remaining: 0 }] });

    await advance(SPAN_MS - 1_000);
    await admitted(store, lower);
  });

  t.test('a higher quota acts at once', async (t) => {
    const { store } = await makeStore(t);
    await spend(store, 3);
    await denied(store);

    t.equal((await admitted(store, request({ charges: [charge('account', [{ quota: 5 }])] }))).states[0]?.remaining, 1);
  });

  t.test('partitions are counted apart, and so are accounts', async (t) => {
    const { store } = await makeStore(t);
    const tight = (account: string, partition: string) =>
      request({ account, charges: [charge(partition, [{ quota: 1 }])] });
    const places = [
      ['main', 'account'],
      ['main', 'interface'],
      ['other', 'account'],
      ['a', 'b:c'],
      ['a:b', 'c'],
      ['{a}', 'b'],
      ['a', '{b}'],
    ] as const;

    for (const [account, partition] of places) await admitted(store, tight(account, partition));
    for (const [account, partition] of places) await denied(store, tight(account, partition));
  });
}
