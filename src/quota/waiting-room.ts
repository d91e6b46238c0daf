import type { Permit } from './store.ts';

/** Why a wait ended: its time came, the caller left, the gateway stops, or what was promised holds no longer. */
export type WaitEnd = 'due' | 'left' | 'closing' | 'recalled';

interface Sleeper {
  readonly permit: Permit;
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

  /** Resolves at `permit.sendAt` and never before it; sooner when `leaving` aborts, the permit is recalled or the room closes. */
  sleep(permit: Permit, leaving: AbortSignal): Promise<WaitEnd> {
    if (this.#closed) return Promise.resolve('closing');
    if (leaving.aborted) return Promise.resolve('left');
    return new Promise((resolve) => {
      const leave = () => {
        this.#sleepers.splice(this.#sleepers.indexOf(sleeper), 1);
        sleeper.end('left');
        this.#setTimer();
      };
      const sleeper: Sleeper = {
        permit,
        end(why) {
          leaving.removeEventListener('abort', leave);
          resolve(why);
        },
      };
      leaving.addEventListener('abort', leave);
      this.#sleepers.splice(this.#countUntil(permit.sendAt), 0, sleeper);
      this.#setTimer();
    });
  }

  /** Wakes those who sleep on such permits, in their order. */
  recall(isOver: (permit: Permit) => boolean): void {
    for (const sleeper of this.#sleepers.filter(({ permit }) => isOver(permit))) {
      this.#sleepers.splice(this.#sleepers.indexOf(sleeper), 1);
      sleeper.end('recalled');
    }
    this.#setTimer();
  }

  /** Sends everybody away, also those who would still come. */
  close(): void {
    this.#closed = true;
    for (const sleeper of this.#sleepers.splice(0)) sleeper.end('closing');
    this.#setTimer();
  }

  #countUntil(instant: number): number {
    const index = this.#sleepers.findLastIndex(({ permit }) => permit.sendAt <= instant);
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
    this.#timer = setTimeout(() => this.#wake(), Math.ceil(first.permit.sendAt - this.#now()));
  }
}
