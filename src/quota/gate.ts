import { quotaExceeded, quotaUnavailable } from '../errors.ts';
import type { Charge, Decision, Permit, QuotaStore } from './store.ts';

/**
 * What became of an admitted request, by what we know:
 * `sent` an answer came; `unsent` no byte left, so the units go back; `unknown` bytes left and no answer came: the vendor may have
 * counted it, so the units stay spent through their lease; `throttled` the vendor said stop.
 */
export type Outcome =
  | { readonly kind: 'sent' | 'unsent' | 'unknown' }
  | { readonly kind: 'throttled'; readonly retryAfterMs?: number };

/** What a request asks the gate for. */
export interface GateRequest {
  /** Whose quota is spent. */
  readonly account: string;
  readonly interfaceId: string;
  readonly charges: readonly Charge[];
  readonly marginMs: number;
  readonly fingerprint?: string;
}

/** Admission to the vendor: asks the store, and turns its decisions and failures into the words of `errors.ts`. */
export interface Gate {
  /**
   * Takes one unit of every charge, or none of any.
   *
   * @throws `quota-exceeded` with the time after which the same call would be admitted; `quota-unavailable` when the store
   *   can't be asked: without its answer nothing is sent
   */
  admit(request: GateRequest): Promise<Extract<Decision, { allowed: true }>>;
  /** Ends a permit. Never throws: a unit whose settlement is lost stays spent through its lease, which is safe. */
  settle(permit: Permit, outcome: Outcome): Promise<void>;
}

/** The vendor has sent no `Retry-After` in any report (FACTS of its API); clients that meet its throttling wait 30 s or more. */
const THROTTLED_MS = 30_000;

/**
 * @param options.leaseMs how long an unsettled unit may still reach the vendor: send budget + upstream timeout + grace
 * @param options.onStoreError told of settlements that the store didn't take
 */
export function createGate(
  store: QuotaStore,
  options: { leaseMs: number; onStoreError: (error: unknown) => void },
): Gate {
  const { leaseMs, onStoreError } = options;
  return {
    async admit(request) {
      const { account, charges, marginMs, fingerprint, interfaceId } = request;
      let decision: Decision;
      try {
        decision = await store.admit({
          account,
          charges,
          marginMs,
          leaseMs,
          ...(fingerprint === undefined ? {} : { fingerprint }),
        });
      } catch (error) {
        throw quotaUnavailable(error);
      }
      if (!decision.allowed) {
        const { waitMs, states } = decision;
        throw quotaExceeded({ account, interfaceId, waitMs, states });
      }
      return decision;
    },

    async settle(permit, outcome) {
      try {
        await settle(store, permit, outcome);
      } catch (error) {
        onStoreError(error);
      }
    },
  };
}

async function settle(store: QuotaStore, permit: Permit, outcome: Outcome): Promise<void> {
  switch (outcome.kind) {
    case 'sent':
      return store.settle(permit);
    case 'unsent':
      return store.refund(permit);
    case 'unknown':
      return;
    case 'throttled': {
      await store.settle(permit);
      const partition = permit.partitions.at(-1);
      if (partition === undefined) return;
      // The vendor doesn't say which of its limits was met. The narrowest one is closed; were it the account's, the next
      // interface would meet it and close as well.
      return store.block({ account: permit.account, partition, forMs: outcome.retryAfterMs ?? THROTTLED_MS });
    }
  }
}
