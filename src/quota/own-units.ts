import type { Clock } from './clock.ts';
import type { Ledger, OwnUnit } from './ledger.ts';
import type { Silence } from './membership.ts';
import { placesOf, shortOf, spanOf } from './redis-admission.ts';
import { MOST_AHEAD_S, MOST_SKEW_S } from './signing-seconds.ts';
import type { Admission, Decision, Permit, PolicyState } from './store.ts';
import { policyState, type Reading, waitForUnitMs } from './window.ts';

/**
 * Signing seconds that the store gave to others may run this far ahead of this clock: as many as one interface admits in a window, and
 * what others may have been told of the vendor's clock.
 */
const OTHERS_AHEAD_S = 60 + MOST_SKEW_S;
/** Replicas that can't ask each other sign with different seconds: each with one in so many, by its rank. */
const LANES = 61;

/**
 * Admission while the store can't be asked: a unit that this replica was given is reused when it frees, and no other. All replicas
 * together then never hold more than the quota, as long as none of them still reaches the store (README.md, "What each failure does").
 */
export class OwnUnits {
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @throws the cause if this replica holds nothing of a charge, so that no wait would help */
  admit(
    admission: Admission,
    { ledger, silence, id, cause }: { ledger: Ledger; silence: Silence; id: string; cause: Error },
  ): Decision {
    const { account, charges, marginMs, leaseMs, maxWaitMs, clockSkewMs = 0 } = admission;
    const now = this.#clock.monotonic();
    const claims = charges.flatMap(({ partition, policies }) =>
      policies.map((policy) => {
        const spanMs = spanOf(policy.windowMs, marginMs);
        const quota = Math.min(policy.quota, chargedIn(silence.units, partition, silence.since - spanMs).length);
        if (quota === 0) throw cause;
        const lastSeen = chargedIn(
          ledger.charged(now).map(([, unit]) => unit),
          partition,
          now - spanMs,
        );
        const blockedUntil = ledger.blockedUntil(partition);
        const reading: Reading = { lastSeen, blockedUntil, marginMs: spanMs - policy.windowMs, now };
        return { policy: { ...policy, quota }, reading };
      }),
    );
    const waitMs = Math.max(0, ...claims.map(({ policy, reading }) => waitForUnitMs(policy, reading)));
    const states = (allowed: boolean): PolicyState[] =>
      claims.map(({ policy, reading }) => policyState(policy, reading, { allowed }));
    const fingerprint = shortOf(admission.fingerprint);
    const last = ledger.signatures.get(fingerprint)?.second ?? 0;
    const wall = this.#clock.wall() + clockSkewMs;
    const second = this.#second(silence, { fingerprint, last, waitMs, wall });
    const ahead = second - Math.floor((wall + waitMs) / 1000);
    if (waitMs > maxWaitMs || ahead > MOST_AHEAD_S) {
      return { allowed: false, waitMs: Math.max(waitMs, 1000), states: states(false) };
    }
    // Told to the store when it is back, like any other.
    if (fingerprint !== '') ledger.sign(fingerprint, second, now + waitMs);
    const places = placesOf(admission);
    const partitions = charges.map(({ partition }) => partition);
    const permit: Permit = { id, account, partitions, signingSecond: second, sendAt: now + waitMs };
    ledger.add(id, { places, lastSeen: permit.sendAt + leaseMs, pending: false }, now);
    return { allowed: true, permit, waitMs, states: states(true) };
  }

  #second(
    { since, rank }: Silence,
    { fingerprint, last, waitMs, wall }: { fingerprint: string; last: number; waitMs: number; wall: number },
  ): number {
    const at = Math.floor((wall + waitMs) / 1000);
    if (fingerprint === '') return at;
    // By this machine's own clock: others may have known of no skew, or of another.
    const wallSecond = Math.floor((this.#clock.wall() - this.#clock.monotonic() + since) / 1000);
    const earliest = Math.max(at, wallSecond + OTHERS_AHEAD_S, last + 1);
    return earliest + ((((rank - earliest) % LANES) + LANES) % LANES);
  }
}

/** When the vendor could last see each unit of a partition that lies after `since`, ascending. */
function chargedIn(units: readonly OwnUnit[], partition: string, since: number): number[] {
  return units
    .filter(({ places, lastSeen }) => lastSeen > since && places.some((place) => place.partition === partition))
    .map(({ lastSeen }) => lastSeen)
    .sort((one, other) => one - other);
}
