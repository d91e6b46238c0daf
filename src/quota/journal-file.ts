import { closeSync, constants, fdatasync, ftruncateSync, openSync, writeSync } from 'node:fs';

/** How long what is written may wait for the disk. */
const SYNC_EVERY_MS = 1000;

/**
 * The end of a journal, where lines are added. A line is in the file once `append` returns: then it survives the process,
 * however that ends, because the system holds it. Only the death of the whole machine (power loss, a crash of its kernel)
 * can take lines that the disk doesn't have yet, of about the last second. To wait for the disk before every request would
 * cost milliseconds each, in which the process could do nothing else.
 */
export class JournalFile {
  readonly #fd: number;
  readonly #onError: (error: unknown) => void;
  #length: number;
  #isTorn = false;
  #isSyncing = false;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  /** @param options.length of the file, in bytes: what lies beyond was never written whole */
  constructor(path: string, { length, onError }: { length: number; onError: (error: unknown) => void }) {
    this.#fd = openSync(path, constants.O_WRONLY | constants.O_APPEND);
    this.#length = length;
    this.#onError = onError;
  }

  /** Adds whole lines, all or nothing. @throws the system's error, as of a full disk */
  append(text: string): void {
    if (this.#isTorn) this.#mend();
    const bytes = Buffer.from(text);
    this.#isTorn = true;
    try {
      for (let written = 0; written < bytes.length; ) written += writeSync(this.#fd, bytes, written);
    } catch (error) {
      this.#tryToMend();
      throw error;
    }
    this.#isTorn = false;
    this.#length += bytes.length;
    this.#syncSoon();
  }

  /** Lets go of the file. What the disk doesn't have yet, the system writes in its own time. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#timer);
    if (!this.#isSyncing) closeSync(this.#fd);
  }

  /** Cuts off what was written of a line before the disk was full: the next one would be joined to it and lost. */
  #mend(): void {
    ftruncateSync(this.#fd, this.#length);
    this.#isTorn = false;
  }

  #tryToMend(): void {
    try {
      this.#mend();
    } catch {
      // Tried again before the next line, which is refused until it works; a process that ends now leaves a torn last line.
    }
  }

  #syncSoon(): void {
    this.#timer ??= setTimeout(() => this.#sync(), SYNC_EVERY_MS).unref();
  }

  #sync(): void {
    this.#timer = undefined;
    if (this.#isSyncing) {
      this.#syncSoon();
      return;
    }
    this.#isSyncing = true;
    fdatasync(this.#fd, (error) => {
      this.#isSyncing = false;
      if (this.#closed) closeSync(this.#fd);
      if (error !== null) this.#onError(error);
    });
  }
}
