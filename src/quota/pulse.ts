import type { AccountKeys } from './account-keys.ts';
import type { RedisClient } from './redis-client.ts';
import { Roster } from './roster.ts';
import { type Standing, toStanding } from './standing.ts';

/** Beats come twice a second, so three of them let every replica that is alive hear of a loss. */
const SHORTEST_HOLD_MS = 1500;
/** With `trust`: when replicas that should tell what they know have not done so in this time, they are taken for gone. */
const UNWITNESSED_HOLD_MS = 5000;
/** Every so many beats the account's state is cleared of partitions that nobody uses. */
const BEATS_PER_PRUNING = 1000;

/** Whose beats they are, and what they ask for. */
export interface PulseOptions {
  readonly keys: AccountKeys;
  /** New at each start of the process. */
  readonly replica: string;
  readonly client: Pick<RedisClient, 'call'>;
  /** Monotonic ms. */
  readonly now: () => number;
  /** It may grow while the replica is here. */
  readonly horizonMs: () => number;
  readonly coldStart: 'trust' | 'hold';
  readonly whenDown: 'closed' | 'own';
}

/** One replica's beats for one account: each says that it is alive, and hears how the account stands and who else is alive. */
export class Pulse {
  readonly roster = new Roster();
  readonly #options: PulseOptions;
  #beats = 0;
  /** The epoch that was last seen, and since when. */
  #held = { epoch: '', since: 0 };

  constructor(options: PulseOptions) {
    this.#options = options;
  }

  /**
   * Beats once: one round trip.
   *
   * @param given.at now, in monotonic ms
   * @param given.expectation what logical time is expected to be then
   * @param given.vouches whether this replica has been here for long enough to vouch for the time
   * @throws StoreUnreachable
   */
  async beat(given: { at: number; expectation: readonly string[]; vouches: boolean }): Promise<Standing> {
    const { client, keys, replica, now, coldStart, whenDown } = this.#options;
    const horizonMs = this.#options.horizonMs();
    const { at, expectation, vouches } = given;
    const answer = await client.call(
      'beat',
      [keys.state, keys.replicas, keys.told],
      [
        ...[replica, ...expectation],
        ...[Math.ceil(horizonMs), SHORTEST_HOLD_MS, coldStart === 'trust' ? UNWITNESSED_HOLD_MS : ''],
        ++this.#beats % BEATS_PER_PRUNING === 0 ? '1' : '0',
        ...[this.#held.epoch, Math.floor(at - this.#held.since)],
        whenDown === 'own' ? '1' : '0',
        vouches ? '1' : '',
      ],
    );
    const received = now();
    const standing = toStanding(answer, { sent: at, received });
    if (this.#held.epoch !== standing.epoch) this.#held = { epoch: standing.epoch, since: received };
    this.roster.learn(answer.slice(4), { now: received, horizonMs });
    return standing;
  }
}
