import { Queue } from './queue.ts';

/** "For one and the same timestamp, an Authorization value may not be used twice within five minutes" (AK/SK page). */
const REPLAY_WINDOW_MS = 5 * 60_000;

/** Remembers which signatures were used in the last 5 minutes. */
export class ReplayLog {
  readonly #used = new Set<string>();
  readonly #order = new Queue<{ readonly signature: string; readonly at: number }>();

  /**
   * Uses a signature up.
   *
   * @param signature with the access key and timestamp that it belongs to
   * @param at monotonic ms; never earlier than in the call before
   * @returns false if it was used within the last 5 minutes, which doesn't lengthen its time
   */
  use(signature: string, at: number): boolean {
    for (let first = this.#order.first; first && first.at <= at - REPLAY_WINDOW_MS; first = this.#order.first) {
      this.#order.shift();
      this.#used.delete(first.signature);
    }
    if (this.#used.has(signature)) return false;
    this.#used.add(signature);
    this.#order.push({ signature, at });
    return true;
  }
}
