import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { DEMO_ACCESS_KEY, DEMO_SECRET_KEY } from '../../src/sandbox/demo-credentials.ts';
import { kill, withoutRoom } from './holder.ts';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

/** A gateway as an operator runs it: a process of its own, with a configuration file. */
export interface GatewayProcess {
  readonly url: string;
  /** What it has logged so far. */
  readonly log: readonly Record<string, unknown>[];
  /** Ends it with `kill -9`. */
  kill(): Promise<void>;
}

/** The lines of a configuration that say where it listens, and the account that `startGatewayProcess` has the credentials of. */
export function accountAt(origin: string): string {
  return `listen: [{ port: 0 }]
admin: { port: 0 }
accounts:
  main:
    origin: ${origin}
    credential: { type: access-key, accessKey: { env: CDN_ACCESS_KEY }, secretKey: { env: CDN_SECRET_KEY } }
`;
}

/**
 * Starts `serve` with the sandbox's demo credentials, and waits until it listens.
 *
 * @param options.fileBlocks no file of it may grow beyond these KiB, as if the disk were full then
 */
export async function startGatewayProcess(
  config: string,
  options: { fileBlocks?: number } = {},
): Promise<GatewayProcess> {
  const { fileBlocks = 'unlimited' } = options;
  const args = ['-c', withoutRoom(fileBlocks), 'bash', process.execPath, MAIN, 'serve', '-c', config];
  const child = spawn('bash', args, {
    env: { PATH: process.env['PATH'], CDN_ACCESS_KEY: DEMO_ACCESS_KEY, CDN_SECRET_KEY: DEMO_SECRET_KEY },
  });
  const log: Record<string, unknown>[] = [];
  let complaints = '';
  child.stderr.on('data', (chunk) => {
    complaints += chunk;
  });
  const url = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const entry = JSON.parse(line) as Record<string, unknown>;
      log.push(entry);
      if (entry['msg'] === 'gateway started' && Array.isArray(entry['listen'])) resolve(String(entry['listen'][0]));
    });
    child.once('exit', () => reject(new Error(`the gateway did not start: ${complaints}`)));
  });
  return { url, log, kill: () => kill(child) };
}
