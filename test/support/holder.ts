import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('journal-holder.js', import.meta.url));

/** A process that tries to hold a journal. */
export interface Holder {
  readonly pid: number;
  /** `held`, or why not. */
  readonly started: string;
  /** Admits `count` times. Gives the ids of what it was allowed to, and what an operator was told. */
  admit(count: number): Promise<{ readonly ids: readonly string[]; readonly told: readonly string[] }>;
  /** Ends it with `kill -9`. */
  kill(): Promise<void>;
}

/**
 * Starts a process that tries to hold a journal.
 *
 * @param options.at when to try, in ms since 1970; at once if not given
 * @param options.fileBlocks no file of it may grow beyond these KiB, as if the disk were full then
 */
export async function startHolder(path: string, options: { at?: number; fileBlocks?: number } = {}): Promise<Holder> {
  const { at = 0, fileBlocks = 'unlimited' } = options;
  const child = spawn('bash', ['-c', withoutRoom(fileBlocks), 'bash', process.execPath, PROGRAM, path, `${at}`]);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => String((await lines.next()).value);
  const started = await next();
  return {
    pid: child.pid ?? 0,
    started,
    async admit(count) {
      child.stdin.write(`${count}\n`);
      const told: string[] = [];
      for (let line = await next(); ; line = await next()) {
        if (!line.startsWith('told ')) return { ids: line.split(' ').slice(1).filter(Boolean), told };
        told.push(line.slice('told '.length));
      }
    },
    kill: () => kill(child),
  };
}

/**
 * A command of bash that runs what follows it, with files limited to so many KiB. NODE_OPTIONS would bring in the test runner's
 * own signal handlers, by which the first write beyond the limit ends the process; Node alone makes it fail with EFBIG.
 */
export function withoutRoom(fileBlocks: number | 'unlimited'): string {
  return `ulimit -S -f ${fileBlocks}; unset NODE_OPTIONS; exec "$@"`;
}

/** Ends a process of the test's own with `kill -9`, and waits until it is gone. */
export async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
}
