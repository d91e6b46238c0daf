import { realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Clock } from './clock.ts';
import { FileJournal } from './file-journal.ts';
import type { Entry } from './journal-entry.ts';
import { lockJournal } from './journal-lock.ts';
import { readGeneration, readJournal } from './journal-text.ts';
import { offsetMs, readBoot } from './journal-time.ts';

/**
 * Remembers what a store of one process decided, so that the next process goes on from there, also after `kill -9`. Power loss
 * may take about the last second (see `JournalFile`). What isn't covered: a journal that is moved or removed while in use, and a
 * machine that is set back to a snapshot of itself.
 */
export interface Journal {
  /** Gives what was written before and still matters, with instants on this process's clock. To be asked once, at the start. */
  replay(): readonly Entry[];
  /** Writes entries, all or nothing: once it returns, they survive this process. @throws the system's error if it can't */
  append(...entries: readonly Entry[]): void;
  /** Lets another process have the journal. */
  close(): Promise<void>;
}

/**
 * Opens a journal, or begins one.
 *
 * @param options.path its folder must exist
 * @param options.boot names this boot of the machine; the real one if not given
 * @param options.onError told of what no caller is: that writing began to fail, that compacting or syncing did
 * @throws Error if the journal is in use by another process, damaged, or can't be written
 */
export async function openJournal(options: {
  path: string;
  clock: Clock;
  boot?: string | undefined;
  onError: (error: unknown) => void;
}): Promise<Journal> {
  const { clock, boot = readBoot(), onError } = options;
  try {
    const path = realPath(options.path);
    const lock = await lockJournal(path, () => readGeneration(path));
    try {
      const text = readJournal(path);
      const start = { generation: lock.generation, offsetMs: offsetMs(text, { clock, boot }), ...(boot && { boot }) };
      const journal = new FileJournal({ path, clock, onError, lock, start, written: text.written });
      await journal.rewrite();
      lock.claimed();
      return journal;
    } catch (error) {
      lock.release();
      throw error;
    }
  } catch (error) {
    throw new Error(`journal ${options.path} ${reason(error)}`, { cause: error });
  }
}

/** A lock beside a symbolic link would not be the lock of what it points to. */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
    return join(realpathSync(dirname(path)), basename(path));
  }
}

function reason(error: unknown): string {
  const code = codeOf(error);
  if (code === undefined) return error instanceof Error ? error.message : String(error);
  return `can't be used (${code}); its folder must be this user's, and take unix sockets and hard links`;
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}
