import type { Test } from 'tap';
import { admissionPromises } from './admission-promises.ts';
import { blockPromises } from './block-promises.ts';
import { permitPromises } from './permit-promises.ts';
import { signingPromises } from './signing-promises.ts';
import type { MakeStore } from './turned-store.ts';
import { usagePromises } from './usage-promises.ts';
import { usePromises } from './use-promises.ts';
import { waitingPromises } from './waiting-promises.ts';
import { windowProperties } from './window-properties.ts';

/** States every promise of the `QuotaStore` contract once; a store is one when it passes. */
export function quotaStoreConformance(t: Pick<Test, 'test'>, makeStore: MakeStore): void {
  t.test('admission', async (t) => admissionPromises(t, makeStore));
  t.test('permits', async (t) => permitPromises(t, makeStore));
  t.test('blocks', async (t) => blockPromises(t, makeStore));
  t.test('waiting', async (t) => waitingPromises(t, makeStore));
  t.test('signing seconds', async (t) => signingPromises(t, makeStore));
  t.test('usage', async (t) => usagePromises(t, makeStore));
  t.test('names for one use', async (t) => usePromises(t, makeStore));
  t.test('any history', async (t) => windowProperties(t, makeStore));
}
