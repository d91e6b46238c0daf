// A real Redis for each test that asks for one.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** Where `npm test` put Redis if it isn't on the PATH; see install-redis.js. */
const CACHE = fileURLToPath(new URL('../../node_modules/.cache/redis/root/', import.meta.url));

/** A server of one's own, on a unix socket or a free port. */
export interface RedisServer {
  /** `unix:///...` or `redis://127.0.0.1:PORT`. */
  readonly url: string;
  readonly port: number | undefined;
  /** Runs redis-cli against it. */
  cli(...args: string[]): Promise<string>;
  /** Ends it at once, as a crash would. */
  kill(): Promise<void>;
  /** Makes it stand still: it keeps its connections and answers nobody, until it is told to go on. */
  standStill(): void;
  goOn(): void;
  /** Starts it again with the same files and address. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * @param options.tcp on a free port instead of a unix socket
 * @param options.config a configuration file, without which no Sentinel starts
 * @param options.args further arguments, such as `--appendonly yes`
 * @param options.env what its environment has beside that of the test
 */
export async function startRedis(
  options: { tcp?: boolean; config?: string; args?: readonly string[]; env?: NodeJS.ProcessEnv } = {},
): Promise<RedisServer> {
  const folder = mkdtempSync(join(tmpdir(), 'redis-'));
  const socket = join(folder, 's');
  const port = options.tcp ? await freePort() : undefined;
  const where = port === undefined ? ['--port', '0', '--unixsocket', socket] : ['--port', String(port)];
  const address = port === undefined ? ['-s', socket] : ['-p', String(port)];
  const config = options.config === undefined ? [] : [options.config];
  const common = [...where, '--bind', '127.0.0.1', '--dir', folder, '--save', '', '--appendonly', 'no'];
  let child: ChildProcess;

  async function start(): Promise<void> {
    const env = { ...environment(), ...options.env };
    child = spawn(binary('server'), [...config, ...common, ...(options.args ?? [])], { env, stdio: 'ignore' });
    for (let attempt = 0; attempt < 200; attempt++) {
      if (child.exitCode !== null) throw new Error(`Redis ended with ${child.exitCode}`);
      if (await answers(port === undefined ? { path: socket } : { host: '127.0.0.1', port })) return;
      await pause(20);
    }
    throw new Error('Redis did not start');
  }
  async function kill(): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  }

  await start();
  return {
    url: port === undefined ? `unix://${socket}` : `redis://127.0.0.1:${port}`,
    port,
    cli: (...words) => run(binary('cli'), [...address, ...words]),
    kill,
    standStill: () => void child.kill('SIGSTOP'),
    goOn: () => void child.kill('SIGCONT'),
    restart: start,
    async stop() {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** What to run for a program of Redis or Valkey: whichever install-redis.js found or brought. */
export function binary(program: 'server' | 'cli'): string {
  const [redis, valkey] = [`redis-${program}`, `valkey-${program}`];
  const cached = join(CACHE, 'usr/bin', redis);
  if (existsSync(cached)) return cached;
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return folders.some((folder) => existsSync(join(folder, redis))) ? redis : valkey;
}

/** Runs a program and gives what it printed. */
export async function run(program: string, args: readonly string[]): Promise<string> {
  return (await promisify(execFile)(program, [...args], { env: environment() })).stdout.trim();
}

/**
 * A port that nobody listens on. Below those that the system gives to connections (32768 and up): one of these could take it before
 * it is listened on, or in the restart of who did. Below 20000, as a cluster's servers also take the port 10000 above.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 10_000);
    const server = createServer();
    const free = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
    });
    if (free) return port;
  }
}

function environment(): NodeJS.ProcessEnv {
  return { ...process.env, LD_LIBRARY_PATH: join(CACHE, 'usr/lib/x86_64-linux-gnu') };
}

function answers(address: { path: string } | { host: string; port: number }): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(address, () => socket.write('PING\r\n'));
    socket.once('data', (data) => {
      resolve(String(data).startsWith('+PONG'));
      socket.destroy();
    });
    socket.once('error', () => resolve(false));
  });
}
