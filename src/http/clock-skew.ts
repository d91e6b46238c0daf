/** So many answers are looked at: a few late ones among them change nothing. */
const SAMPLES = 15;
/** As servers have to write it (RFC 9110, section 5.6.7). JavaScript reads much else as a date, some of it in our own time zone. */
const HTTP_DATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

/** The half of more than this may be further off than what is corrected; a slow vendor's is taken while there is nothing better. */
const QUICK_MS = 2000;

/**
 * How far the vendor's clock is ahead of ours, from the `Date` of its answers: its signatures depend on that. `Date` has whole
 * seconds, and was written at some time between the request and its answer, so one answer tells little; the median of the last
 * few is good to about half a second.
 */
export class ClockSkew {
  #samples: number[] = [];
  #isQuick = false;
  #seconds: number | undefined;

  /**
   * Adds what one answer tells.
   *
   * @param answer.date the `Date` field; any other text tells nothing
   * @param answer.sentAt ms since 1970, of the instant before the first byte
   * @param answer.answeredAt ms since 1970, of the answer's head
   */
  add({ date, sentAt, answeredAt }: { date: unknown; sentAt: number; answeredAt: number }): void {
    const told = typeof date === 'string' && HTTP_DATE.test(date) ? Date.parse(date) : Number.NaN;
    if (Number.isNaN(told)) return;
    const isQuick = answeredAt - sentAt <= QUICK_MS;
    if (!isQuick && this.#isQuick) return;
    if (isQuick && !this.#isQuick) this.#samples = [];
    this.#isQuick = isQuick;
    // On average half of the second that it leaves out is over.
    this.#samples.push(told + 500 - (sentAt + answeredAt) / 2);
    if (this.#samples.length > SAMPLES) this.#samples.shift();
    const sorted = this.#samples.toSorted((one, other) => one - other);
    this.#seconds = (sorted[Math.floor(sorted.length / 2)] ?? 0) / 1000;
  }

  /** In s; positive where the vendor is ahead. Undefined before the first answer. */
  get seconds(): number | undefined {
    return this.#seconds;
  }
}
