import {
  createReader,
  type ExchangeKind,
  type ExchangeQuery,
  KEPT,
  kindsOf,
  merge,
  type PastExchange,
} from './past-exchange.ts';

/**
 * The last exchanges of this process. Kept as text: its size is known, where an object would hold on to the whole of the head that
 * its strings are parts of. Some 450 bytes each, 1.5 KB at the most.
 */
export class RecentExchanges {
  readonly #kept = { calls: new Ring(KEPT.calls), refusals: new Ring(KEPT.refusals) };

  add(kind: ExchangeKind, text: string): void {
    this.#kept[kind].add(text);
  }

  /** Newest first. */
  find(query: ExchangeQuery): readonly PastExchange[] {
    const read = createReader(query);
    const lists = kindsOf(query).map((kind) => {
      const found: PastExchange[] = [];
      for (const text of this.#kept[kind].newestFirst()) {
        if (found.length >= query.limit) break;
        const exchange = read(text);
        if (exchange !== undefined) found.push(exchange);
      }
      return found;
    });
    return merge(lists, query.limit);
  }
}

/** So many texts; one more takes the place of the oldest. */
class Ring {
  readonly #texts: string[] = [];
  readonly #size: number;
  #next = 0;

  constructor(size: number) {
    this.#size = size;
  }

  add(text: string): void {
    this.#texts[this.#next] = text;
    this.#next = (this.#next + 1) % this.#size;
  }

  *newestFirst(): Generator<string> {
    const { length } = this.#texts;
    for (let back = 1; back <= length; back += 1) {
      const text = this.#texts[(this.#next - back + length) % length];
      if (text !== undefined) yield text;
    }
  }
}
