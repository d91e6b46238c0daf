import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { request } from 'undici';
import { DEMO_ACCESS_KEY, DEMO_SECRET_KEY } from '../../src/sandbox/demo-credentials.ts';
import { freePort } from '../support/redis-server.ts';
import type { FleetRedis } from './shared-redis.ts';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

/** What all gateways of a fleet are told. */
export interface FleetConfig {
  readonly origin: string;
  readonly redis: FleetRedis['place'];
  readonly account: number;
  readonly interface: number;
  readonly windowMs: number;
  readonly marginMs: number;
  /** Longest wait for the vendor's answer. */
  readonly upstreamTimeoutMs: number;
  readonly whenDown: 'closed' | 'own';
  readonly deadlineMs: number;
  /** The longest that anybody may wait, `2m` if not given. A replica that is gone is waited for by so much longer. */
  readonly wait?: string;
}

/** One gateway, a process of its own that keeps its addresses through restarts. */
export interface GatewayProcess {
  readonly url: string;
  /** What /readyz says of the store; undefined while nobody answers. */
  mode(): Promise<string | undefined>;
  metrics(): Promise<string>;
  /** Ends it as a crash would. */
  kill(): Promise<void>;
  /** Asks it to stop, as a deployment would. */
  stop(): Promise<void>;
  start(): Promise<void>;
  /** What it wrote to standard error. */
  readonly complaints: () => string;
}

/** Gateways that share one Redis. */
export interface Fleet {
  readonly gateways: readonly GatewayProcess[];
  stop(): Promise<void>;
}

/** Starts a fleet. Ready when all of its gateways are. */
export async function startFleet(size: number, config: FleetConfig): Promise<Fleet> {
  const folder = mkdtempSync(join(tmpdir(), 'accuracy-fleet-'));
  const gateways = await Promise.all(Array.from({ length: size }, () => createGateway(config, folder)));
  const stop = async () => {
    await Promise.all(gateways.map((gateway) => gateway.stop()));
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await Promise.all(gateways.map((gateway) => gateway.start()));
  } catch (error) {
    await stop();
    throw error;
  }
  return { gateways, stop };
}

async function createGateway(config: FleetConfig, folder: string): Promise<GatewayProcess> {
  const [port, adminPort] = [await freePort(), await freePort()];
  const file = join(folder, `${port}.yaml`);
  // JSON is YAML.
  writeFileSync(file, JSON.stringify(toFile(config, { port, adminPort })));
  const env = { PATH: process.env['PATH'], ACCESS_KEY: DEMO_ACCESS_KEY, SECRET_KEY: DEMO_SECRET_KEY };
  let child: ChildProcess | undefined;
  let complaints = '';

  const admin = async (path: string) => {
    const { body } = await request(`http://127.0.0.1:${adminPort}${path}`, { headersTimeout: 5000 });
    return body.text();
  };
  async function mode(): Promise<string | undefined> {
    try {
      return (JSON.parse(await admin('/readyz')) as { mode: string }).mode;
    } catch {
      return undefined;
    }
  }
  async function end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child?.once('exit', resolve));
    child.kill(signal);
    await ended;
  }

  return {
    url: `http://127.0.0.1:${port}`,
    mode,
    metrics: () => admin('/metrics'),
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
    async start() {
      child = spawn(process.execPath, [MAIN, 'serve', '-c', file], {
        env,
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      child.stderr?.on('data', (text) => {
        complaints += text;
      });
      for (let attempt = 0; attempt < 600; attempt++) {
        if (child.exitCode !== null) throw new Error(`a gateway ended with ${child.exitCode}: ${complaints}`);
        if ((await mode()) === 'ready') return;
        await pause(50);
      }
      throw new Error('a gateway did not become ready');
    },
    complaints: () => complaints,
  };
}

function toFile(config: FleetConfig, { port, adminPort }: { port: number; adminPort: number }): unknown {
  const window = `${config.windowMs}ms`;
  return {
    listen: [{ host: '127.0.0.1', port }],
    admin: { host: '127.0.0.1', port: adminPort },
    accounts: {
      main: {
        origin: config.origin,
        credential: { type: 'access-key', accessKey: { env: 'ACCESS_KEY' }, secretKey: { env: 'SECRET_KEY' } },
      },
    },
    quotas: {
      account: { quota: config.account, window },
      interface: { quota: config.interface, window },
      // What the vendor documents for some interfaces is stated for real windows, and would bind long before these do.
      documentedLimits: 'ignore',
      margin: `${config.marginMs}ms`,
    },
    store: {
      type: 'redis',
      ...config.redis,
      whenDown: config.whenDown,
      deadline: `${config.deadlineMs}ms`,
    },
    anonymous: { account: 'main', allow: ['*'] },
    limits: {
      connectTimeout: '500ms',
      upstreamTimeout: `${config.upstreamTimeoutMs}ms`,
      grace: '500ms',
      drain: '3s',
      ...(config.wait === undefined ? {} : { wait: config.wait }),
    },
    log: { level: 'silent' },
  };
}
