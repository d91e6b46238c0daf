import { crc32 } from 'node:zlib';

/** One change of a store that a restart must not forget. All instants are on the monotonic clock of this process. */
export type Entry =
  | {
      readonly kind: 'second';
      readonly at: number;
      readonly fingerprint: string;
      readonly second: number;
      readonly sendAt: number;
    }
  | {
      readonly kind: 'admit';
      readonly at: number;
      readonly id: string;
      readonly account: string;
      /** `keepMs`: the longest window of the partition with its margin, after which nothing counts the unit any more. */
      readonly charges: readonly { readonly partition: string; readonly keepMs: number }[];
      /** The end of the lease. */
      readonly lastSeen: number;
      readonly tag: string;
    }
  | { readonly kind: 'settle' | 'refund'; readonly at: number; readonly id: string }
  | { readonly kind: 'use'; readonly at: number; readonly name: string; readonly until: number }
  | {
      readonly kind: 'block';
      readonly at: number;
      readonly account: string;
      readonly partition: string;
      readonly until: number;
    };

/** The first line of a file: who writes it, and on which clock. */
export interface Start {
  readonly kind: 'start';
  readonly format: 1;
  /** Of the lock: one more for each process that took the file over. */
  readonly generation: number;
  /** What tells one boot of the machine from another; absent where that can't be known. */
  readonly boot?: string;
  /** The file's time less the monotonic clock of `boot`. */
  readonly offsetMs: number;
  readonly at: number;
}

/** What a line holds: its instants are on the file's own time, and `wall` is the time of day at `at`. */
export type Line = (Entry | Start) & { readonly wall: number };

/** Writes a line, with a checksum: what only looks like a line is then told from one that was written whole. */
export function toText(line: Line): string {
  const json = JSON.stringify(line);
  return `${checksum(json)} ${json}\n`;
}

/** Reads a line, without its line break; undefined if it isn't as it was written. */
export function readLine(text: string): Line | undefined {
  const json = text.slice(9);
  if (text !== `${checksum(json)} ${json}`) return undefined;
  return JSON.parse(json) as Line;
}

/** Moves an entry to a clock that reads `byMs` more. */
export function shift(entry: Entry, byMs: number): Entry {
  const at = entry.at + byMs;
  switch (entry.kind) {
    case 'second':
      return { ...entry, at, sendAt: entry.sendAt + byMs };
    case 'admit':
      return { ...entry, at, lastSeen: entry.lastSeen + byMs };
    case 'block':
    case 'use':
      return { ...entry, at, until: entry.until + byMs };
    case 'settle':
    case 'refund':
      return { ...entry, at };
  }
}

function checksum(json: string): string {
  return crc32(json).toString(16).padStart(8, '0');
}
