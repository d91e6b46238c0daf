import type { Test } from 'tap';
import type { MakeStore } from './turned-store.ts';

const FOR_MS = 60_000;

/** What a store promises of names that are good for one use. */
export function usePromises(t: Test, makeStore: MakeStore): void {
  t.test('a name is good once, and until its time is over not again', async (t) => {
    const { store, advance } = await makeStore(t);
    t.equal(await store.useOnce({ name: 'a', forMs: FOR_MS }), true);
    t.equal(await store.useOnce({ name: 'a', forMs: FOR_MS }), false);

    await advance(FOR_MS - 1);
    t.equal(await store.useOnce({ name: 'a', forMs: FOR_MS }), false);
  });

  t.test('names do not share their use', async (t) => {
    const { store } = await makeStore(t);
    for (const name of ['a', 'b', 'a ', 'A', 'main', 'account']) {
      t.equal(await store.useOnce({ name, forMs: FOR_MS }), true, name);
    }
  });

  t.test('of many who ask at once, one is first', async (t) => {
    const { store } = await makeStore(t);
    const answers = await Promise.all(Array.from({ length: 20 }, () => store.useOnce({ name: 'a', forMs: FOR_MS })));
    t.equal(answers.filter(Boolean).length, 1);
  });
}
