import { execFileSync } from 'node:child_process';

/** Where the Node is that an image and a machine run: npm's `node`, as no other registry need be reached. */
export function nodeProgram(): string {
  return print('npx', '--yes', '--package', 'node@24', '--', 'node', '-p', 'process.execPath');
}

/** Runs a program and gives what it prints. */
export function print(program: string, ...args: string[]): string {
  return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }).trim();
}
