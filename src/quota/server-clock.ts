/** More than this between what was expected and what the server says is a jump: half of the margin that a window has. */
const JUMP_MS = 500;

/** One reading of an account's logical time, and between which two instants of our own clock it was taken. */
interface Anchor {
  readonly now: number;
  readonly off: string;
  readonly sent: number;
  readonly received: number;
}

/** What a script answered: the account's logical time, and the offset from the server's clock that it was reckoned with. */
export interface ServerTime {
  readonly now: number;
  readonly off: string;
  /** Our monotonic clock when the call left and when its answer came. */
  readonly sent: number;
  readonly received: number;
}

/** What one replica expects an account's logical time to be, from the last answer and its own monotonic clock. */
export class ServerClock {
  readonly #deadlineMs: number;
  #anchor: Anchor | undefined;
  #since = Number.POSITIVE_INFINITY;

  /** @param deadlineMs after which no answer is waited for */
  constructor(deadlineMs: number) {
    this.#deadlineMs = deadlineMs;
  }

  /** Whether there is anything to reckon with. */
  get known(): boolean {
    return this.#anchor !== undefined;
  }

  /**
   * Since when we reckon with the offset of now, on our monotonic clock. A first time, or one that was put back, is taken over
   * blindly: for as long as it hasn't been compared with what others expect, it may be that of a clock that has jumped.
   */
  get since(): number {
    return this.#since;
  }

  anchor(time: ServerTime): void {
    if (this.#anchor?.off !== time.off) this.#since = time.received;
    this.#anchor = time;
  }

  /** Takes a time over if its offset is another than we know, and time has gone on evenly or was put back. */
  follow(time: ServerTime): void {
    if (this.#anchor !== undefined && this.#anchor.off !== time.off && !this.hasJumped(time)) this.anchor(time);
  }

  /** Logical time at `at`, never more than it is; empty when nothing is known. */
  estimate(at: number): string {
    return this.#anchor === undefined ? '' : String(Math.floor(this.#anchor.now + at - this.#anchor.received));
  }

  /** The offset that expectations go with; empty when nothing is known. */
  get off(): string {
    return this.#anchor?.off ?? '';
  }

  /**
   * What a call that leaves at `sent` expects: the least and the most that logical time can be when it runs, and the offset that
   * the least goes with: another offset was chosen on purpose, by a replica that saw a jump. Empty when nothing is known.
   */
  expectation(sent: number): readonly [least: string, most: string, off: string] {
    const anchor = this.#anchor;
    if (anchor === undefined) return ['', '', ''];
    const least = anchor.now + sent - anchor.received - JUMP_MS;
    const most = anchor.now + sent - anchor.sent + this.#deadlineMs + JUMP_MS;
    return [String(Math.floor(least)), String(Math.ceil(most)), anchor.off];
  }

  /**
   * Whether the server's clock has jumped: what it says lies outside all that latency can explain. A new offset keeps time even or
   * puts it back; if it is ahead all the same, the clock has jumped once more behind the one that moved the offset.
   */
  hasJumped({ now, off, sent, received }: ServerTime): boolean {
    const anchor = this.#anchor;
    if (anchor === undefined) return false;
    const least = anchor.now + sent - anchor.received;
    const most = anchor.now + received - anchor.sent;
    return now > most + JUMP_MS || (anchor.off === off && now < least - JUMP_MS);
  }
}
