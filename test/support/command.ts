import { execFile } from 'node:child_process';
import { MAIN } from './serve-process.ts';

/** How a command ended, and what it wrote. */
export interface CommandEnd {
  /** -1 where a signal ended it. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the built command line to its end. Its environment is only what is given. */
export function runCommand(
  args: readonly string[],
  options: { env?: Readonly<Record<string, string>>; cwd?: string } = {},
): Promise<CommandEnd> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [MAIN, ...args], { env: {}, ...options }, (_error, stdout, stderr) =>
      resolve({ code: child.exitCode ?? -1, stdout, stderr }),
    );
    child.stdin?.end();
  });
}
