import type { Admission, Decision, Permit, PolicyState, QuotaPolicy, QuotaStore } from './store.ts';
import { SweptMap } from './swept-map.ts';

/** How long an answer is believed. What a refund by another replica gives back can be missed for so long. */
const BELIEVED_MS = 1000;

/** What the store last said of one partition. */
interface Heard {
  readonly policies: readonly QuotaPolicy[];
  readonly states: readonly PolicyState[];
  readonly at: number;
}

/**
 * A store that says no from memory: a partition that was found spent is spent until the time that was told, and is looked at again
 * after a second at the latest. So consumers that try again and again cost the store nothing.
 *
 * @param options.now monotonic ms
 */
export function withDenyCache(
  store: QuotaStore,
  options: { readonly now: () => number; readonly onLocalDenial?: () => void },
): QuotaStore {
  const { now, onLocalDenial } = options;
  const heard = new SweptMap<string, Heard>();

  function forget({ account, partitions }: Pick<Permit, 'account' | 'partitions'>): void {
    for (const partition of partitions) heard.delete(keyOf(account, partition));
  }

  function learn({ account, charges }: Admission, { states }: Decision, at: number): void {
    heard.sweep((known) => known.at + BELIEVED_MS <= at);
    let first = 0;
    for (const charge of charges) {
      const end = first + charge.policies.length;
      const entry = { policies: charge.policies, states: states.slice(first, end), at };
      heard.set(keyOf(account, charge.partition), entry);
      first = end;
    }
  }

  /** A denial, if all that has to be known for it is known. */
  function recall({ account, charges, maxWaitMs }: Admission, at: number): Decision | undefined {
    const states: PolicyState[] = [];
    let waitMs = 0;
    for (const charge of charges) {
      const known = heard.get(keyOf(account, charge.partition));
      const age = at - (known?.at ?? 0);
      if (known === undefined || age >= BELIEVED_MS || !areSame(known.policies, charge.policies)) return undefined;
      for (const before of known.states) {
        const state = aged(before, age);
        // What should be free by now is asked about.
        if (state.violated && state.resetMs <= 0) return undefined;
        if (state.violated) waitMs = Math.max(waitMs, state.resetMs);
        states.push(state);
      }
    }
    // Nothing is spent, or the request may wait for what is.
    return waitMs > maxWaitMs ? { allowed: false, waitMs, states } : undefined;
  }

  return {
    async admit(admission) {
      const at = now();
      const denial = recall(admission, at);
      if (denial !== undefined) {
        onLocalDenial?.();
        return denial;
      }
      const decision = await store.admit(admission);
      // The time of the answer, not of the question: a wait told from memory is then never too short.
      learn(admission, decision, now());
      return decision;
    },
    async settle(permit) {
      forget(permit);
      await store.settle(permit);
    },
    async refund(permit) {
      forget(permit);
      await store.refund(permit);
    },
    async block(block) {
      forget({ account: block.account, partitions: [block.partition] });
      await store.block(block);
    },
    usage: (account) => store.usage(account),
    useOnce: (use) => store.useOnce(use),
    mode: () => store.mode(),
    close: () => store.close(),
  };
}

function aged(state: PolicyState, ageMs: number): PolicyState {
  return { ...state, resetMs: Math.max(0, state.resetMs - ageMs), violated: state.remaining === 0 };
}

/** A configuration that has changed meanwhile asks another question. */
function areSame(some: readonly QuotaPolicy[], others: readonly QuotaPolicy[]): boolean {
  return (
    some.length === others.length &&
    some.every(({ quota, windowMs }, index) => quota === others[index]?.quota && windowMs === others[index]?.windowMs)
  );
}

function keyOf(account: string, partition: string): string {
  return `${account.length}:${account}:${partition}`;
}
