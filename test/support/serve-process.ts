import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { kill } from './holder.ts';

/** The built command line. Needs `npm run build`, as `npm test` does. */
export const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

/** `serve` as a process of its own. */
export interface ServeProcess {
  readonly url: string;
  readonly admin: string;
  /** What it has logged so far. */
  readonly log: readonly Record<string, unknown>[];
  /** All that it has written so far, to either output. */
  text(): string;
  /** Resolves once so many lines with that message are logged. */
  until(msg: RegExp, count?: number): Promise<void>;
  signal(name: NodeJS.Signals): void;
  /** Resolves to its exit code and signal, once it has ended. */
  readonly ended: Promise<unknown[]>;
}

/** Starts `serve`, and waits until it listens; it ends with the test. */
export async function serveProcess(
  t: { teardown(after: () => unknown): void },
  options: { file: string; env?: Readonly<Record<string, string>> },
): Promise<ServeProcess> {
  const child: ChildProcess = spawn(process.execPath, [MAIN, 'serve', '-c', options.file], { env: { ...options.env } });
  t.teardown(() => kill(child));
  const log: Record<string, unknown>[] = [];
  let text = '';
  const { stdout, stderr } = child;
  if (stdout === null || stderr === null) throw new Error('no output');
  const lines = createInterface({ input: stdout });
  lines.on('line', (line) => {
    text += `${line}\n`;
    log.push(JSON.parse(line));
  });
  stderr.on('data', (chunk) => {
    text += chunk;
  });
  const ended = once(child, 'exit');
  const until = async (msg: RegExp, count = 1) => {
    while (log.filter((line) => msg.test(String(line['msg']))).length < count) await once(lines, 'line');
  };
  await Promise.race([
    until(/gateway started/),
    ended.then(() => Promise.reject(new Error(`it did not start: ${text}`))),
  ]);
  const { listen, admin } = log[0] as { listen: string[]; admin: string };
  return {
    url: listen[0] ?? '',
    admin,
    log,
    text: () => text,
    until,
    signal: (name) => void child.kill(name),
    ended,
  };
}
