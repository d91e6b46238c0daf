import { callerLeft, quotaExceeded, quotaUnavailable, shuttingDown } from '../errors.ts';
import type { Charge, Decision, NameUse, Permit, QuotaStore } from './store.ts';
import type { WaitingRoom } from './waiting-room.ts';

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
  /** How far the vendor's clock is ahead of ours. */
  readonly clockSkewMs?: number;
  /** The name of who asks. */
  readonly consumer: string;
}

/** How a request would wait for its units rather than be refused. */
export interface Patience {
  readonly maxWaitMs: number;
  /** Aborts when the caller leaves. */
  readonly leaving: AbortSignal;
  /** Told before it waits, if it has to. */
  readonly onWait: (wait: Wait) => void;
}

/** From when and until when a request waits if nothing ends it, in monotonic ms. */
export interface Wait {
  readonly from: number;
  readonly until: number;
}

type Block = Parameters<QuotaStore['block']>[0];
type Admitted = Extract<Decision, { allowed: true }>;

/** Admission to the vendor: asks the store, and turns its decisions and failures into the words of `errors.ts`. */
export interface Gate {
  /**
   * Takes one unit of every charge, or none of any. Whoever has patience gets units that are free later, and the answer
   * then; who leaves meanwhile gives them back, and so does who would be sent while the vendor has closed the partition: it
   * is decided on anew, with the patience that is left.
   *
   * @throws `quota-exceeded` with the time after which the same call would be admitted, at once and also to those whose
   *   patience is too short; `quota-unavailable` when the store can't be asked: without its answer nothing is sent;
   *   `caller-left` and `shutting-down` when that ended a wait
   */
  admit(request: GateRequest, patience?: Patience): Promise<Admitted>;
  /**
   * Uses a name that is good for one use; false if it was used before.
   *
   * @throws `quota-unavailable` when the store can't be asked: nothing is let through twice for that
   */
  useOnce(use: NameUse): Promise<boolean>;
  /** Ends a permit. Never throws: a unit whose settlement is lost stays spent through its lease, which is safe. */
  settle(permit: Permit, outcome: Outcome): Promise<void>;
  /** Resolves once all settlements have ended that have begun: before a store is closed. Each ends by the store's deadline. */
  settled(): Promise<void>;
}

/** The vendor has sent no `Retry-After` in any report (FACTS of its API); clients that meet its throttling wait 30 s or more. */
const THROTTLED_MS = 30_000;

/**
 * @param options.waitingRoom where patience is exercised; to be asked for a place before patience is brought
 * @param options.leaseMs how long an unsettled unit may still reach the vendor: send budget + upstream timeout + grace
 * @param options.onStoreError told of settlements that the store didn't take
 */
export function createGate(
  store: QuotaStore,
  options: { waitingRoom: WaitingRoom; leaseMs: number; now: () => number; onStoreError: (error: unknown) => void },
): Gate {
  const { waitingRoom, leaseMs, now, onStoreError } = options;

  const settling = new Set<Promise<void>>();

  async function ask(request: GateRequest, maxWaitMs: number): Promise<Admitted> {
    const { interfaceId, ...asked } = request;
    let decision: Decision;
    try {
      decision = await store.admit({ ...asked, leaseMs, maxWaitMs });
    } catch (error) {
      throw quotaUnavailable(error);
    }
    if (decision.allowed) return decision;
    const { waitMs, states } = decision;
    throw quotaExceeded({ account: request.account, interfaceId, waitMs, states });
  }

  async function settleSafely(permit: Permit, outcome: Outcome): Promise<void> {
    try {
      const block = await settle(store, permit, outcome);
      if (block !== undefined) recall(block);
    } catch (error) {
      onStoreError(error);
    }
  }

  /** Those whose time would come while their partition is closed decide anew, with the patience that they have left. */
  function recall({ account, partition, forMs }: Block): void {
    const until = now() + forMs;
    waitingRoom.recall(
      ({ account: theirs, partitions, sendAt }) =>
        theirs === account && partitions.includes(partition) && sendAt < until,
    );
  }

  return {
    async admit(request, patience) {
      if (patience === undefined) return ask(request, 0);
      return waitingRoom.hold(async () => {
        const askedAt = now();
        let from: number | undefined;
        for (;;) {
          const decision = await ask(request, Math.max(0, patience.maxWaitMs - (now() - askedAt)));
          const { permit, waitMs } = decision;
          if (waitMs === 0) return decision;

          from ??= now();
          patience.onWait({ from, until: permit.sendAt });
          const end = await waitingRoom.sleep(permit, patience.leaving);
          if (end === 'due') return decision;
          // Nothing was sent, so whoever comes next may have the place.
          await settleSafely(permit, { kind: 'unsent' });
          if (end === 'left') throw callerLeft();
          if (end === 'closing') throw shuttingDown();
        }
      });
    },

    async useOnce(use) {
      try {
        return await store.useOnce(use);
      } catch (error) {
        throw quotaUnavailable(error);
      }
    },

    settle(permit, outcome) {
      const settlement = settleSafely(permit, outcome).finally(() => settling.delete(settlement));
      settling.add(settlement);
      return settlement;
    },

    async settled() {
      await Promise.all(settling);
    },
  };
}

/** Tells the store what became of a permit; returns the block that the vendor demands, if it does. */
async function settle(store: QuotaStore, permit: Permit, outcome: Outcome): Promise<Block | undefined> {
  switch (outcome.kind) {
    case 'sent':
      await store.settle(permit);
      return undefined;
    case 'unsent':
      await store.refund(permit);
      return undefined;
    case 'unknown':
      return undefined;
    case 'throttled': {
      await store.settle(permit);
      const partition = permit.partitions.at(-1);
      if (partition === undefined) return undefined;
      // The vendor doesn't say which of its limits was met. The narrowest one is closed; were it the account's, the next
      // interface would meet it and close as well.
      const block = { account: permit.account, partition, forMs: outcome.retryAfterMs ?? THROTTLED_MS };
      await store.block(block);
      return block;
    }
  }
}
