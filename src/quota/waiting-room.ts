/** Why a wait ended: its time came, the caller left, or the gateway stops. */
export type WaitEnd = 'due' | 'left' | 'closing';

interface Sleeper {
  readonly until: number;
  end(why: WaitEnd): void;
}

/**
 * Where requests whose units are reserved sleep until they may be sent. One timer, set for the first of them: they wake in
 * the order of their units, and nobody looks in between.
 */
export class WaitingRoom {
  readonly #places: number;
  readonly #now: () => number;
  /** Ascending; of one instant, in the order in which they came. */
  readonly #sleepers: Sleeper[] = [];
  #taken = 0;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  /** @param options.now monotonic ms, the clock of `Permit.sendAt` */
  constructor(options: { places: number; now: () => number }) {
    this.#places = options.places;
    this.#now = options.now;
  }

  /** How many wait. */
  get waiting(): number {
    return this.#sleepers.length;
  }

  /** Whether one more request may ask for units that it would have to wait for. */
  get hasPlace(): boolean {
    return !this.#closed && this.#taken < this.#places;
  }

  /** Holds a place for as long as `stay` takes. Held from before the store is asked, so that no burst gets more than there are. */
  async hold<Result>(stay: () => Promise<Result>): Promise<Result> {
    this.#taken += 1;
    try {
      return await stay();
    } finally {
      this.#taken -= 1;
    }
  }

  /** Resolves at the instant `until` and never before it; sooner when `leaving` aborts or the room closes. */
  sleep(until: number, leaving: AbortSignal): Promise<WaitEnd> {
    if (this.#closed) return Promise.resolve('closing');
    if (leaving.aborted) return Promise.resolve('left');
    return new Promise((resolve) => {
      const leave = () => {
        this.#sleepers.splice(this.#sleepers.indexOf(sleeper), 1);
        sleeper.end('left');
        this.#setTimer();
      };
      const sleeper: Sleeper = {
        until,
        end(why) {
          leaving.removeEventListener('abort', leave);
          resolve(why);
        },
      };
      leaving.addEventListener('abort', leave);
      this.#sleepers.splice(this.#countUntil(until), 0, sleeper);
      this.#setTimer();
    });
  }

  /** Sends everybody away, also those who would still come. */
  close(): void {
    this.#closed = true;
    for (const sleeper of this.#sleepers.splice(0)) sleeper.end('closing');
    this.#setTimer();
  }

  #countUntil(instant: number): number {
    const index = this.#sleepers.findLastIndex(({ until }) => until <= instant);
    return index + 1;
  }

  #wake(): void {
    // Node's timers may be early by a fraction of a millisecond: then nobody is due yet, and the timer is set for the rest.
    for (const sleeper of this.#sleepers.splice(0, this.#countUntil(this.#now()))) sleeper.end('due');
    this.#setTimer();
  }

  #setTimer(): void {
    clearTimeout(this.#timer);
    const [first] = this.#sleepers;
    if (first === undefined) return;
    this.#timer = setTimeout(() => this.#wake(), Math.ceil(first.until - this.#now()));
  }
}
