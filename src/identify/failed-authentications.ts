import { isIP } from 'node:net';
import { plainAddress } from '../catalog/network.ts';

/** So many failures in a minute are told why; more are only told to wait. */
const MOST = 20;
const WINDOW_MS = 60_000;
/** About 3 MB. Beyond it those are forgotten that failed longest ago. */
const MOST_KEYS = 10_000;

/**
 * Remembers who has failed to prove who it is, for a minute. Right credentials are never refused for it; but of an access key that
 * failed so often from an address, fewer requests may have their body read at a time before they are proven. Counted by access key
 * as well as address, so that a client with a wrong key behind an address that many share is in nobody else's way.
 */
export class FailedAuthentications {
  /** When each of the last failures was, oldest first; whoever failed last is last. */
  readonly #failures = new Map<string, readonly number[]>();

  /**
   * Tells how long until one more failure is told why; 0 for now.
   *
   * @param now monotonic ms
   */
  waitMs(key: string, now: number): number {
    const recent = this.#recent(key, now);
    return recent.length < MOST ? 0 : (recent[0] ?? now) + WINDOW_MS - now;
  }

  /** Counts a failure, unless there were too many: who goes on trying doesn't lengthen the wait. */
  add(key: string, now: number): void {
    const recent = this.#recent(key, now);
    if (recent.length >= MOST) return;
    this.#failures.delete(key);
    this.#failures.set(key, [...recent, now]);
    if (this.#failures.size <= MOST_KEYS) return;
    for (const oldest of this.#failures.keys()) {
      this.#failures.delete(oldest);
      return;
    }
  }

  /** How many keys are remembered. */
  get size(): number {
    return this.#failures.size;
  }

  #recent(key: string, now: number): readonly number[] {
    return (this.#failures.get(key) ?? []).filter((at) => at > now - WINDOW_MS);
  }
}

/** What failures are counted by: the address, of IPv6 the first 64 bits, as one host has all that begin so; and a known access key. */
export function failureKey(peer: string, id: string | undefined): string {
  return id === undefined ? sourceOf(peer) : `${sourceOf(peer)} ${id}`;
}

function sourceOf(peer: string): string {
  const address = plainAddress(peer);
  if (isIP(address) !== 6) return address;
  const [head = '', tail] = address.split('::', 2);
  const groups = head.split(':').filter((group) => group !== '');
  if (tail !== undefined) {
    const after = tail.split(':').filter((group) => group !== '').length;
    groups.push(...Array<string>(Math.max(0, 8 - groups.length - after)).fill('0'));
  }
  return `${groups.slice(0, 4).join(':')}::/64`;
}
