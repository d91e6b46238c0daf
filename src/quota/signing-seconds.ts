import { SweptMap } from './swept-map.ts';

/**
 * How far ahead of the wall clock a signing second may run: the vendor refuses a timestamp more than 300 s from its own clock, and
 * the last minute is left to clocks that differ. Every store goes by this one.
 */
export const MOST_AHEAD_S = 240;

/**
 * How far off the vendor's clock is signed for at most, either way. A replica that knows of no skew yet must not take another's seconds
 * for its own, nor let Redis forget them while the vendor remembers.
 */
export const MOST_SKEW_S = 60;

/**
 * How long after its second a signature is remembered in Redis: the vendor forgets it after 300 s; the rest is for clocks that
 * differ or are stepped.
 */
export const REMEMBERED_IN_REDIS_S = 450;

/**
 * The vendor refuses a signature that it saw in the last five minutes. Seconds run up to four minutes ahead, so nine
 * would do; the rest lets the wall clock be stepped back by a quarter of an hour without a second being given twice.
 */
export const REMEMBERED_MS = 1_200_000;

/**
 * Hands out the Unix seconds that requests are signed with, so that two requests that would be signed alike never get
 * the same one: a fingerprint used again within its second takes the next.
 */
export class SigningSeconds {
  readonly #given = new SweptMap<string, { readonly second: number; readonly rememberedUntil: number }>();

  /** Proposes a second, and how long to wait until the vendor would take it. Nothing is given yet. */
  propose(fingerprint: string | undefined, wallMs: number): { readonly second: number; readonly waitMs: number } {
    const wallSecond = Math.floor(wallMs / 1000);
    const last = fingerprint === undefined ? undefined : this.#given.get(fingerprint)?.second;
    const second = last === undefined ? wallSecond : Math.max(wallSecond, last + 1);
    return { second, waitMs: Math.max(0, (second - MOST_AHEAD_S) * 1000 - wallMs) };
  }

  /**
   * Gives a proposed second away to a request that is sent at `sendAt`. Remembered by the monotonic clock, which no step
   * of the wall clock can cut short.
   */
  give(
    fingerprint: string | undefined,
    { second, sendAt, now }: { readonly second: number; readonly sendAt: number; readonly now: number },
  ): void {
    if (fingerprint === undefined) return;
    this.#given.sweep((given) => given.rememberedUntil <= now);
    this.#given.set(fingerprint, { second, rememberedUntil: sendAt + REMEMBERED_MS });
  }
}
