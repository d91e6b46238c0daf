import type { QuotaStore } from './store.ts';

/** What a store is asked. */
export type StoreOperation = 'admit' | 'settle' | 'refund' | 'block' | 'usage' | 'useOnce';

/** Told how long an operation took, in ms, and whether the store could be asked. */
export type OnStoreCall = (operation: StoreOperation, result: 'ok' | 'failed', ms: number) => void;

/** The same store, which tells how long each of its answers took. */
export function timed(store: QuotaStore, options: { now: () => number; onCall: OnStoreCall }): QuotaStore {
  const { now, onCall } = options;
  const timing =
    <Arguments extends readonly unknown[], Result>(
      operation: StoreOperation,
      call: (...args: Arguments) => Promise<Result>,
    ) =>
    async (...args: Arguments): Promise<Result> => {
      const asked = now();
      try {
        const answer = await call(...args);
        onCall(operation, 'ok', now() - asked);
        return answer;
      } catch (error) {
        onCall(operation, 'failed', now() - asked);
        throw error;
      }
    };
  return {
    admit: timing('admit', (admission) => store.admit(admission)),
    settle: timing('settle', (permit) => store.settle(permit)),
    refund: timing('refund', (permit) => store.refund(permit)),
    block: timing('block', (block) => store.block(block)),
    usage: timing('usage', (account) => store.usage(account)),
    useOnce: timing('useOnce', (use) => store.useOnce(use)),
    mode: () => store.mode(),
    close: () => store.close(),
  };
}
