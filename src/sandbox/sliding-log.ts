import { Queue } from './queue.ts';

/** The instants of one window, `(at − windowMs, at]`: an instant is out as soon as it is exactly that old. Times never run back. */
export class SlidingLog {
  readonly #windowMs: number;
  readonly #instants = new Queue<number>();

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  add(at: number): void {
    this.#instants.push(at);
  }

  /** How many instants lie in the window that ends at `at`. Those before it are forgotten. */
  countAt(at: number): number {
    const start = at - this.#windowMs;
    for (let first = this.#instants.first; first !== undefined && first <= start; first = this.#instants.first) {
      this.#instants.shift();
    }
    return this.#instants.length;
  }
}
