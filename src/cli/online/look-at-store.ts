import type { Account } from '../../catalog/account.ts';
import type { Config } from '../../config/config.ts';
import { openStore } from '../../open-store.ts';
import type { Clock } from '../../quota/clock.ts';
import { connectionFault } from './connection-fault.ts';
import { evictionOf } from './eviction.ts';
import type { Finding } from './finding.ts';

/** The name of no account: those are in lower case. Its keys are gone some seconds later. */
const TRIAL = 'CHECK';
const TRIAL_MS = 1000;

/**
 * Takes one unit of an account that doesn't exist from Redis and gives it back: all that the gateway needs of it, with the same
 * rights, and nobody's quota. A store in memory is asked nothing: a gateway that runs has its own.
 */
export async function lookAtStore(
  { store, accounts }: Pick<Config, 'store' | 'accounts'>,
  clock: Clock,
): Promise<Finding> {
  const what = `store (${store.type})`;
  const [account] = accounts.values();
  if (store.type === 'memory' || account === undefined) {
    return { what, fine: true, says: 'in the one process: there is nothing to ask' };
  }
  const failures: unknown[] = [];
  const opened = await openStore(
    // An empty Redis is no fault, and there is nothing to wait out for this account.
    { ...store, coldStart: 'trust', whenDown: 'closed' },
    {
      clock,
      quotas: { accounts: new Map([[TRIAL, trialOf(account)]]), consumers: [] },
      unseenMs: TRIAL_MS,
      onError: (error) => failures.push(error),
      onLocalDenial: () => {},
      onCall: () => {},
    },
  );
  try {
    const decision = await opened.store.admit({
      account: TRIAL,
      charges: [{ partition: 'account', policies: [{ name: 'account', quota: 1000, windowMs: TRIAL_MS }] }],
      marginMs: 0,
      leaseMs: TRIAL_MS,
      fingerprint: 'trial',
      consumer: 'check',
      maxWaitMs: 0,
    });
    if (decision.allowed) await opened.store.refund(decision.permit);
    const evicts = await evictionOf(store.location, store.deadlineMs);
    if (evicts === undefined) return { what, fine: true, says: 'takes a unit and gives it back' };
    const says = `it forgets what was spent when its memory is full (${evicts}): set maxmemory-policy noeviction`;
    return { what, fine: false, says };
  } catch (error) {
    return { what, fine: false, says: storeFault([...failures, error]) };
  } finally {
    await opened.store.close();
  }
}

function trialOf(account: Account): Account {
  const limit = { quota: 1000, windowMs: TRIAL_MS };
  const quotas = { ...account.quotas, account: limit, interface: limit, marginMs: 0 };
  return { ...account, name: TRIAL, quotaAccount: TRIAL, quotas };
}

/** What Redis says of a user that it doesn't let in, by the beginning or a part of it. */
const REFUSALS: readonly (readonly [RegExp, string])[] = [
  [/WRONGPASS|invalid (username-)?password/i, 'it refuses the user or the password: check both in `store`'],
  [/NOAUTH|AUTH .*required/i, 'it wants a password: give `store.password`'],
  [/NOPERM|no permissions|can't (run|access)/i, 'the user lacks a right: src/quota/README.md lists those it needs'],
  [/without any password configured/i, 'it has no password, and one is given: check `store.password`'],
  [/DB index/, 'it has no database of that number: check what stands after the address in `store.url`'],
  [/MISCONF|OOM |READONLY/, 'it takes no writes: check its disk, its memory, and that it is the master'],
  [/NOREPLICAS/, 'it takes no writes while its replicas are away: check them, and its `min-replicas-to-write`'],
  [/CLUSTERDOWN/, 'its cluster is not whole, or not made yet: `redis-cli --cluster check` tells more'],
  [/All sentinels are unreachable/i, 'no Sentinel names a master: check `store.sentinel`, its name and its nodes'],
  [/^MOVED|cluster support disabled/im, 'one side is a cluster and the other is not: `store.cluster` is for one'],
  [/unknown command|wrong number of arguments/i, 'it is too old, or no Redis: 6.2 or later is needed'],
];

const NO_ANSWER =
  'it takes the connection, and is not ready in time: check that it is a Redis, that it runs, and how busy it is';

function storeFault(errors: readonly unknown[]): string {
  const messages = errors.flatMap(messagesOf).join('\n');
  const refusal = REFUSALS.find(([pattern]) => pattern.test(messages));
  if (refusal !== undefined) return refusal[1];
  const fault = errors.map(connectionFault).find((known) => known !== undefined);
  if (fault !== undefined) return fault;
  // What the client says of every call while it has no connection that is of use.
  if (/isn't (writeable|ready)|timed out/.test(messages)) return NO_ANSWER;
  return `it cannot be asked: ${messages.split('\n').at(-1) ?? 'unknown reason'}`;
}

function messagesOf(error: unknown): string[] {
  return error instanceof Error ? [error.message, ...messagesOf(error.cause)] : [];
}
