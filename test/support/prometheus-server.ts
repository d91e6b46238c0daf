// A real Prometheus for each test that asks for one.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { freePort } from './redis-server.ts';

/** Where `npm test` put it if it isn't on the PATH; see install-prometheus.js. */
const CACHE = fileURLToPath(new URL('../../node_modules/.cache/prometheus/root/usr/bin/', import.meta.url));

/** A server of one's own, on a free port of loopback. */
export interface PrometheusServer {
  readonly url: string;
  /** Asks its HTTP API; `path` is below `/api/v1/`. @throws if it refuses */
  ask<Data>(path: string, query: Readonly<Record<string, string>>): Promise<Data>;
  stop(): Promise<void>;
}

/** @param config its configuration file */
export async function startPrometheus(config: string): Promise<PrometheusServer> {
  const folder = mkdtempSync(join(tmpdir(), 'prometheus-'));
  const address = `127.0.0.1:${await freePort()}`;
  const child = spawn(
    program('prometheus'),
    [
      `--config.file=${config}`,
      `--storage.tsdb.path=${folder}`,
      `--web.listen-address=${address}`,
      '--enable-feature=exemplar-storage',
      '--log.level=error',
    ],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  const url = `http://${address}`;
  await untilReady(url, child);
  return {
    url,
    async ask(path, query) {
      const answer = await fetch(`${url}/api/v1/${path}?${new URLSearchParams(query)}`);
      const told = (await answer.json()) as { status: string; error?: string; data: never };
      if (told.status !== 'success') throw new Error(`${told.error}: ${query['query']}`);
      return told.data;
    },
    async stop() {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Runs promtool. @throws with what it printed, if it isn't content */
export async function promtool(args: readonly string[], input = ''): Promise<string> {
  const running = promisify(execFile)(program('promtool'), [...args]);
  running.child.stdin?.end(input);
  const { stdout, stderr } = await running;
  return stdout + stderr;
}

function program(name: 'prometheus' | 'promtool'): string {
  const cached = join(CACHE, name);
  return existsSync(cached) ? cached : name;
}

async function untilReady(url: string, child: ChildProcess): Promise<void> {
  for (let attempt = 0; attempt < 500; attempt++) {
    if (child.exitCode !== null) throw new Error(`Prometheus ended with ${child.exitCode}`);
    const answer = await fetch(`${url}/-/ready`).catch(() => undefined);
    if (answer?.ok) return;
    await pause(20);
  }
  throw new Error('Prometheus did not start');
}
