import { renameSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Clock } from './clock.ts';
import { type Entry, type Start, shift, toText } from './journal-entry.ts';
import { JournalFile } from './journal-file.ts';
import { LiveEntries } from './journal-live.ts';
import type { JournalLock } from './journal-lock.ts';
import type { Written } from './journal-text.ts';

/** Smaller files aren't worth writing anew. */
const SMALLEST_TO_COMPACT = 4096;

/** What a journal is made of, once it is locked and read. */
interface Parts {
  readonly path: string;
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
  readonly lock: JournalLock;
  readonly start: Pick<Start, 'generation' | 'offsetMs' | 'boot'>;
  readonly written: readonly Written[];
}

/** The `Journal` of a file. Nothing may be appended before the first `rewrite`, which makes the file this process's own. */
export class FileJournal {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #onError: (error: unknown) => void;
  readonly #lock: JournalLock;
  readonly #start: Parts['start'];
  readonly #live = new LiveEntries();
  #written: readonly Written[];
  #file: JournalFile | undefined;
  #isFailing = false;
  #lines = 0;
  #compactAt = 0;
  /** What was appended since the new file was begun that will replace this one; undefined when there is none. */
  #since: string[] | undefined;
  #compaction = Promise.resolve();

  constructor(parts: Parts) {
    this.#path = parts.path;
    this.#clock = parts.clock;
    this.#onError = parts.onError;
    this.#lock = parts.lock;
    this.#start = parts.start;
    this.#written = parts.written;
    for (const { entry, text } of parts.written) this.#live.put(entry, text);
  }

  replay(): readonly Entry[] {
    const entries = this.#written.map(({ entry }) => shift(entry, -this.#start.offsetMs));
    this.#written = [];
    return entries;
  }

  append(...entries: readonly Entry[]): void {
    const wall = this.#clock.wall();
    const lines = entries.map((entry) => {
      const moved = shift(entry, this.#start.offsetMs);
      return { entry: moved, text: toText({ ...moved, wall }) };
    });
    this.#write(lines.map(({ text }) => text).join(''));
    for (const { entry, text } of lines) {
      this.#live.put(entry, text);
      this.#since?.push(text);
    }
    this.#lines += lines.length;
    if (this.#lines >= this.#compactAt && this.#since === undefined) this.#compaction = this.#compact();
  }

  async close(): Promise<void> {
    await this.#compaction;
    if (this.#file === undefined) return;
    this.#file.close();
    this.#file = undefined;
    this.#lock.release();
  }

  /**
   * Writes what is alive to a new file, and puts it in the place of the old one. Meanwhile the old one is still written to, and
   * the new one gets the same lines before it takes over. A crash at any point leaves one or the other, each complete.
   */
  async rewrite(): Promise<void> {
    const since: string[] = [];
    this.#since = since;
    const newPath = `${this.#path}.new`;
    try {
      const { text, lines } = this.#snapshot();
      const length = await writeSynced(newPath, text);
      // From here to the swap nothing awaits, so no line can be missed.
      const file = new JournalFile(newPath, { length, onError: this.#onError });
      try {
        file.append(since.join(''));
        renameSync(newPath, this.#path);
      } catch (error) {
        file.close();
        throw error;
      }
      this.#file?.close();
      this.#file = file;
      this.#lines = lines + since.length;
      // What came since isn't counted: most of it may be over, and the more of it, the sooner it is worth another file.
      this.#compactAt = Math.max(SMALLEST_TO_COMPACT, 2 * lines);
    } catch (error) {
      this.#compactAt = 2 * this.#lines;
      rmSync(newPath, { force: true });
      throw error;
    } finally {
      this.#since = undefined;
    }
    // Else power loss might bring the old file back, without what the new one has got by then.
    await syncFolder(dirname(this.#path));
  }

  async #compact(): Promise<void> {
    try {
      await this.rewrite();
    } catch (error) {
      this.#onError(new Error(`journal ${this.#path} can't be compacted`, { cause: error }));
    }
  }

  #write(text: string): void {
    try {
      if (this.#file === undefined) throw new Error(`journal ${this.#path} is closed`);
      this.#file.append(text);
      this.#isFailing = false;
    } catch (error) {
      const failure = new Error(`journal ${this.#path} can't be written, so nothing is sent`, { cause: error });
      if (!this.#isFailing) this.#onError(failure);
      this.#isFailing = true;
      throw failure;
    }
  }

  #snapshot(): { readonly text: string; readonly lines: number } {
    const at = this.#clock.monotonic() + this.#start.offsetMs;
    const { text, lines } = this.#live.sweep(at);
    const start = toText({ kind: 'start', format: 1, ...this.#start, at, wall: this.#clock.wall() });
    return { text: start + text, lines: lines + 1 };
  }
}

async function writeSynced(path: string, text: string): Promise<number> {
  const file = await open(path, 'w', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
    return Buffer.byteLength(text);
  } finally {
    await file.close();
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
