import type { Logger } from 'pino';
import { MOST_SKEW_S } from '../quota/signing-seconds.ts';
import { ClockSkew } from './clock-skew.ts';
import type { UpstreamCall } from './exchange.ts';
import { createSparing } from './sparing.ts';
import type { CallEnd } from './upstreams.ts';

/** Less than this may be the second that `Date` leaves out, or the way to the vendor. */
const CORRECTED_FROM_S = 2;
const WARNED_FROM_S = 60;
const LINE_EVERY_MS = 600_000;

/** How far the vendor's clock is ahead of this one, by account, from the answers that its calls get. */
export class VendorClocks {
  readonly #skews = new Map<string, ClockSkew>();
  readonly #clock: { wall(): number; monotonic(): number };
  readonly #warn: (account: string, seconds: number) => void;

  constructor({ clock, log }: { clock: { wall(): number; monotonic(): number }; log: Logger }) {
    this.#clock = clock;
    const sparing = createSparing({ now: () => clock.monotonic(), everyMs: LINE_EVERY_MS });
    this.#warn = (account, clockSkew) =>
      sparing(account, () => log.warn({ account, clockSkew }, 'clock is off: signatures depend on it'));
  }

  /** Learns from the end of a call. */
  ended({ account, writtenAt }: UpstreamCall, end: CallEnd): void {
    // With an `Age` it comes from a cache, and so does its `Date` (RFC 9111, section 5.1).
    if (end instanceof Error || writtenAt === undefined || end.headers['age'] !== undefined) return;
    const skew = this.#skews.get(account.name) ?? new ClockSkew();
    this.#skews.set(account.name, skew);
    const answeredAt = this.#clock.wall();
    skew.add({ date: end.headers['date'], sentAt: answeredAt - (this.#clock.monotonic() - writtenAt), answeredAt });
    const { seconds = 0 } = skew;
    if (Math.abs(seconds) >= WARNED_FROM_S) this.#warn(account.name, seconds);
  }

  /** In s; positive where the vendor is ahead. Undefined before the first answer. */
  seconds(account: string): number | undefined {
    return this.#skews.get(account)?.seconds;
  }

  /** What to add to this clock to sign, in ms. */
  correctionMs(account: string): number {
    const seconds = this.seconds(account) ?? 0;
    if (Math.abs(seconds) <= CORRECTED_FROM_S) return 0;
    return Math.round(Math.max(-MOST_SKEW_S, Math.min(MOST_SKEW_S, seconds)) * 1000);
  }
}
