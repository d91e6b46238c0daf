import type { Account, Credential } from '../catalog/account.ts';
import type { UpstreamCall } from './exchange.ts';
import { isRefusal } from './second-call.ts';
import type { CallEnd } from './upstreams.ts';

/** One of an account's credentials, and which. */
export interface ChosenCredential {
  readonly which: UpstreamCall['credential'];
  readonly credential: Credential;
}

/** Whom the rotation tells of what no caller is told. */
export interface RotationListener {
  /** The vendor refused a credential. */
  refused(account: string, which: UpstreamCall['credential']): void;
  /** From here on the account's next credential is used. */
  switched(account: string): void;
}

/** After both were refused: somebody has to mend that, and each attempt costs a unit. Calls that are under way by then make theirs. */
const PAUSE_MS = 60_000;

/**
 * Which credential each account uses while its keys are being changed: the first until the vendor refuses it and takes the next one,
 * then the next one for as long as the configuration says the same of the account.
 */
export class Rotation {
  /** By account as configured, so that one that is configured anew begins anew, and calls from before have what they began with. */
  readonly #switched = new WeakSet<Account>();
  readonly #pausedUntil = new WeakMap<Account, number>();
  readonly #now: () => number;
  readonly #listener: RotationListener;

  /** @param options.now monotonic ms */
  constructor(options: { now: () => number } & RotationListener) {
    this.#now = options.now;
    this.#listener = options;
  }

  /** Chooses the credential that signs a call of the account. */
  credentialOf(account: Account): ChosenCredential {
    const next = this.#switched.has(account) ? account.nextCredential : undefined;
    return next === undefined
      ? { which: 'first', credential: account.credential }
      : { which: 'next', credential: next };
  }

  /** Chooses the credential for a call that was refused with the first one; undefined if it isn't worth another try. */
  nextOf(account: Account): ChosenCredential | undefined {
    const { nextCredential: credential } = account;
    const paused = this.#now() < (this.#pausedUntil.get(account) ?? Number.NEGATIVE_INFINITY);
    return credential === undefined || paused ? undefined : { which: 'next', credential };
  }

  /** Learns from the end of a call what the vendor thinks of its credential. */
  ended({ account, credential }: UpstreamCall, end: CallEnd): void {
    if (end instanceof Error) return;
    const refused = isRefusal(end.statusCode);
    if (refused) this.#listener.refused(account.name, credential);
    if (credential === 'first' || this.#switched.has(account)) return;
    if (refused) {
      this.#pausedUntil.set(account, this.#now() + PAUSE_MS);
    } else if (provesTaken(end.statusCode)) {
      this.#switched.add(account);
      this.#listener.switched(account.name);
    }
  }
}

/**
 * Whether an answer that is no refusal can only come from behind the check of the signature. A balancer and a throttle may stand
 * before it; taken for a yes, they would bind the account to a credential that is not in force yet.
 */
function provesTaken(statusCode: number): boolean {
  return statusCode < 500 && statusCode !== 446 && statusCode !== 429;
}
