import type { Entry } from './journal-entry.ts';
import { REMEMBERED_MS } from './signing-seconds.ts';

/** The lines of a journal that say what is still so of one thing: a permit, a signing second, a block, a used name. */
interface Live {
  readonly text: string;
  readonly lines: number;
  /** From when on they say nothing any more. */
  readonly until: number;
  /** Of a permit: how long its units count after they were last seen. */
  readonly keepMs: number;
}

/** What of a journal is still alive, as the lines that were written: all that a new file needs. All times are the file's. */
export class LiveEntries {
  readonly #live = new Map<string, Live>();

  put(entry: Entry, text: string): void {
    const key = keyOf(entry);
    const known = this.#live.get(key);
    switch (entry.kind) {
      case 'second':
        this.#live.set(key, { text, lines: 1, until: entry.sendAt + REMEMBERED_MS, keepMs: 0 });
        break;
      case 'admit': {
        const keepMs = Math.max(0, ...entry.charges.map((charge) => charge.keepMs));
        this.#live.set(key, { text, lines: 1, until: entry.lastSeen + keepMs, keepMs });
        break;
      }
      case 'settle':
        if (known === undefined) break;
        this.#live.set(key, { ...known, text: known.text + text, lines: 2, until: entry.at + known.keepMs });
        break;
      case 'refund':
        this.#live.delete(key);
        break;
      case 'block':
      case 'use':
        if (known !== undefined && known.until >= entry.until) break;
        this.#live.set(key, { text, lines: 1, until: entry.until, keepMs: 0 });
        break;
    }
  }

  /** Forgets what is over, and gives all other lines. */
  sweep(at: number): { readonly text: string; readonly lines: number } {
    const texts: string[] = [];
    let lines = 0;
    for (const [key, live] of this.#live) {
      if (live.until <= at) this.#live.delete(key);
      else {
        texts.push(live.text);
        lines += live.lines;
      }
    }
    return { text: texts.join(''), lines };
  }
}

function keyOf(entry: Entry): string {
  switch (entry.kind) {
    case 'second':
      return `second ${entry.fingerprint}`;
    case 'admit':
    case 'settle':
    case 'refund':
      return `permit ${entry.id}`;
    case 'block':
      return `block ${entry.account.length}:${entry.account}:${entry.partition}`;
    case 'use':
      return `use ${entry.name}`;
  }
}
