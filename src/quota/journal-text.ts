import { readFileSync } from 'node:fs';
import { type Entry, type Line, readLine, type Start } from './journal-entry.ts';

/** One entry as it was written. */
export interface Written {
  readonly entry: Entry & { readonly wall: number };
  /** With its line break. */
  readonly text: string;
}

/** What a journal's file holds. */
export interface JournalText {
  /** Undefined when there is no file, or nothing in it. */
  readonly start: (Start & { readonly wall: number }) | undefined;
  readonly written: readonly Written[];
}

/**
 * Reads a journal. What follows the last line break is passed over: it was being written when the process or the machine died,
 * so no request of it was sent. Anything else that isn't as it was written may have been an admission, so it stops the reader.
 *
 * @throws Error that names the line
 */
export function readJournal(path: string): JournalText {
  const texts = readLines(path);
  const written = texts.slice(1).map((text, index) => {
    const entry = readLine(text);
    if (entry === undefined || entry.kind === 'start') return damaged(index + 2);
    return { entry, text: `${text}\n` };
  });
  return { start: startOf(texts), written };
}

/**
 * Reads the generation of whoever last took a journal over; 0 if nobody did.
 *
 * @throws Error if the first line is damaged
 */
export function readGeneration(path: string): number {
  return startOf(readLines(path))?.generation ?? 0;
}

/** Finds the latest line: in a file that was compacted it isn't the last one. */
export function latestOf({ start, written }: JournalText): Pick<Line, 'at' | 'wall'> | undefined {
  let latest: Pick<Line, 'at' | 'wall'> | undefined = start;
  for (const { entry } of written) if (latest === undefined || entry.at >= latest.at) latest = entry;
  return latest;
}

function startOf([text]: readonly string[]): JournalText['start'] {
  if (text === undefined) return undefined;
  const start = readLine(text);
  return start?.kind === 'start' && start.format === 1 ? start : damaged(1);
}

function readLines(path: string): readonly string[] {
  const text = readText(path);
  const lines = text.split('\n').slice(0, -1);
  // The first line is there before the file has its name, so this is some other file, or what is left of one.
  if (lines.length === 0 && text !== '') return damaged(1);
  return lines;
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
    throw error;
  }
}

function damaged(line: number): never {
  throw new Error(
    `line ${line} is damaged, so what was spent can't be known; bring the file back, or move it away and start once the ` +
      'longest window has passed since the gateway last ran',
  );
}
