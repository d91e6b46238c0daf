import { LineFile } from './line-file.ts';

/** What is recorded of one upstream call that changes something: who, what, and what the vendor said. */
export interface AuditEntry {
  /** When it ended: ISO 8601, UTC. */
  readonly time: string;
  /** Of the request; one that was sent again with the account's next credential has two entries. */
  readonly reqId: string;
  readonly consumer: string;
  readonly account: string;
  readonly credential: 'first' | 'next';
  readonly interface: string;
  readonly method: string;
  /** Path and query as sent. */
  readonly target: string;
  readonly bodySha256: string;
  /** As in the log: whether the vendor may have carried it out. */
  readonly outcome: string;
  readonly status?: number;
  readonly cncRequestId?: string;
}

/** Whom the audit log tells of what no caller is told. */
export interface AuditListener {
  /** Lines can't be written from here on; they are kept. */
  failed(error: unknown): void;
  /** All lines that were kept are written. */
  recovered(): void;
  /** No place is left to keep it, or the process ends. */
  lost(entry: AuditEntry): void;
}

/** What the lines that wait for a file may take of the memory: more than those of all calls that can be under way. */
const KEPT_CHARACTERS = 16 * 1024 * 1024;
const RETRY_MS = 1000;

/**
 * The record of calls that change something: one line of JSON each, written when the call ends and before its caller has the answer.
 * What can't be written is kept and tried again, before the next line and once a second.
 *
 * The process stands still while a line is written. That is some 10 µs, and quotas allow about one call a second for each account.
 */
export class AuditLog {
  readonly #path: string;
  readonly #onFailure: 'refuse' | 'continue';
  readonly #listener: AuditListener;
  #file: LineFile | undefined;
  readonly #kept: { readonly text: string; readonly entry: AuditEntry }[] = [];
  #keptCharacters = 0;
  #failing = false;
  #timer: NodeJS.Timeout | undefined;

  /** @throws Error if the file can't be opened and calls are to be refused then */
  constructor(options: { file: string; onAuditFailure: 'refuse' | 'continue' }, listener: AuditListener) {
    this.#path = options.file;
    this.#onFailure = options.onAuditFailure;
    this.#listener = listener;
    try {
      this.#file = new LineFile(this.#path);
    } catch (error) {
      const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason';
      if (this.#onFailure === 'refuse') {
        throw new Error(`audit log ${this.#path} cannot be opened (${reason})`, { cause: error });
      }
      this.#fail(error);
    }
  }

  /** Whether calls that change something are to be refused, because their lines couldn't be written. */
  get refuses(): boolean {
    return this.#failing && this.#onFailure === 'refuse';
  }

  /** Never throws: what can't be written is kept, and what can't be kept is told. */
  record(entry: AuditEntry): void {
    const text = `${JSON.stringify(entry)}\n`;
    if (this.#keptCharacters + text.length > KEPT_CHARACTERS) this.retry();
    if (this.#keptCharacters + text.length > KEPT_CHARACTERS) {
      this.#listener.lost(entry);
    } else {
      this.#kept.push({ text, entry });
      this.#keptCharacters += text.length;
      this.retry();
    }
  }

  /** Writes what was kept, oldest first, as far as that can be. */
  retry(): void {
    try {
      this.#file ??= new LineFile(this.#path);
      for (let next = this.#kept[0]; next !== undefined; next = this.#kept[0]) {
        this.#file.append(next.text);
        this.#kept.shift();
        this.#keptCharacters -= next.text.length;
      }
    } catch (error) {
      this.#fail(error);
      return;
    }
    if (this.#failing) this.#listener.recovered();
    this.#failing = false;
  }

  /** Goes on in the file that has the name now: the one before was put away (logrotate). */
  reopen(): void {
    try {
      this.#file?.reopen();
    } catch (error) {
      // Goes on in the one before.
      this.#listener.failed(error);
    }
    this.retry();
  }

  /** Tries for a last time to write what was kept. */
  close(): void {
    this.retry();
    clearTimeout(this.#timer);
    for (const { entry } of this.#kept.splice(0)) this.#listener.lost(entry);
    this.#file?.close();
    this.#file = undefined;
  }

  #fail(error: unknown): void {
    if (!this.#failing) this.#listener.failed(error);
    this.#failing = true;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.retry(), RETRY_MS).unref();
  }
}
