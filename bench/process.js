import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { availableParallelism } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';

const CANDIDATE_CORE = 0;
const CLIENT_CORE = 1;
const START_LIMIT_MS = 10_000;
/** USER_HZ, the unit of CPU times in /proc: 100 on every Linux that Node runs on. */
const TICK_MS = 10;

const running = new Set();
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));
process.once('exit', () => {
  for (const child of running) child.kill();
});

/**
 * Moves this process, and with it all that it starts without a core of its own, away from the core of the candidates.
 *
 * @returns whether that was possible
 */
export function pinClient() {
  if (availableParallelism() < 2) return false;
  try {
    execFileSync('taskset', ['-acp', String(CLIENT_CORE), String(process.pid)], { stdio: 'ignore' });
    return true;
  } catch {
    return false; // No taskset here, or a container that isn't given these cores.
  }
}

/**
 * Starts a Node program that listens on the port it is given, and waits for its first answer. What it prints is dropped.
 *
 * @param command its file and arguments, made from the port
 * @param options.probe a path that it answers with 2xx, and the headers to ask with
 * @param options.pinned whether it gets the candidates' core for itself
 */
export async function startProcess(command, { probe, pinned = false, env = {} }) {
  const port = await freePort();
  const [executable, ...prefix] = pinned
    ? ['taskset', '-c', String(CANDIDATE_CORE), process.execPath]
    : [process.execPath];
  const began = performance.now();
  const child = spawn(executable, [...prefix, ...command(port)], {
    env: { ...process.env, NODE_ENV: 'production', ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  running.add(child);
  const ended = once(child, 'exit').finally(() => running.delete(child));
  const origin = `http://127.0.0.1:${port}`;
  await firstAnswer(child, `${origin}${probe.path}`, probe.headers);
  return {
    origin,
    startedInMs: performance.now() - began,
    cpuMs: () => cpuMs(child.pid),
    residentMiB: () => residentMiB(child.pid),
    async stop() {
      child.kill();
      await ended;
    },
  };
}

/** A port that nobody listens on. */
export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

async function firstAnswer(child, url, headers) {
  const deadline = performance.now() + START_LIMIT_MS;
  while (performance.now() < deadline && child.exitCode === null) {
    try {
      const answer = await fetch(url, { headers });
      await answer.arrayBuffer();
      if (answer.ok) return;
    } catch {
      // Not listening yet.
    }
    await pause(2);
  }
  throw new Error(`${child.spawnargs.join(' ')} gave no good answer within ${START_LIMIT_MS} ms`);
}

/** User and system time of all its threads; NaN where there is no /proc. */
function cpuMs(pid) {
  const stat = readProc(pid, 'stat');
  // The second field, the name, may hold spaces; the ones counted here come behind it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

function residentMiB(pid) {
  const [, kib] = /^VmRSS:\s+(\d+) kB$/m.exec(readProc(pid, 'status')) ?? [];
  return Number(kib) / 1024;
}

function readProc(pid, file) {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}
