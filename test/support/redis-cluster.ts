// A real cluster, and a real Sentinel, on ports of this machine.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { HostPort } from '../../src/quota/redis-location.ts';
import { binary, freePort, type RedisServer, run, startRedis } from './redis-server.ts';

/** Three masters without replicas. */
export interface RedisCluster {
  readonly nodes: readonly HostPort[];
  /** Runs redis-cli against the first node. */
  cli(...args: string[]): Promise<string>;
  /** Moves slots from one master to another while clients go on. */
  reshard(from: number, to: number, slots: number): Promise<void>;
  stop(): Promise<void>;
}

export async function startCluster(): Promise<RedisCluster> {
  const options = ['--cluster-enabled', 'yes', '--cluster-node-timeout', '1000'];
  const servers = await Promise.all(
    [1, 2, 3].map((n) => startRedis({ tcp: true, args: [...options, '--cluster-config-file', `nodes-${n}.conf`] })),
  );
  const [first] = servers;
  if (first === undefined) throw new Error('no server');
  const addresses = servers.map(({ port }) => `127.0.0.1:${port}`);
  const cluster = (...args: string[]) => run(binary('redis-cli'), ['--cluster', ...args]);
  await cluster('create', ...addresses, '--cluster-yes');
  await until(async () => {
    const states = await Promise.all(servers.map(({ cli }) => cli('CLUSTER', 'INFO')));
    return states.every((state) => state.includes('cluster_state:ok'));
  });
  const idOf = async (index: number) => servers[index]?.cli('CLUSTER', 'MYID') ?? '';
  return {
    nodes: servers.map(({ port = 0 }) => ({ host: '127.0.0.1', port })),
    cli: first.cli,
    async reshard(from, to, slots) {
      const [source, target] = [await idOf(from), await idOf(to)];
      const moved = ['--cluster-from', source, '--cluster-to', target, '--cluster-slots', String(slots)];
      await cluster('reshard', `127.0.0.1:${first.port}`, ...moved, '--cluster-yes');
    },
    async stop() {
      await Promise.all(servers.map((server) => server.stop()));
    },
  };
}

/** A master, a replica of it, and one Sentinel that decides alone. */
export interface SentinelSetup {
  readonly sentinel: HostPort;
  readonly name: string;
  readonly master: RedisServer;
  readonly replica: RedisServer;
  stop(): Promise<void>;
}

export async function startSentinel(): Promise<SentinelSetup> {
  const name = 'quota';
  const master = await startRedis({ tcp: true });
  const replica = await startRedis({ tcp: true, args: ['--repl-diskless-sync-delay', '0'] });
  await replica.cli('REPLICAOF', '127.0.0.1', String(master.port));
  const folder = mkdtempSync(join(tmpdir(), 'sentinel-'));
  const port = await freePort();
  const config = join(folder, 'sentinel.conf');
  writeFileSync(
    config,
    [
      `port ${port}`,
      'bind 127.0.0.1',
      `dir ${folder}`,
      `sentinel monitor ${name} 127.0.0.1 ${master.port} 1`,
      `sentinel down-after-milliseconds ${name} 500`,
      `sentinel failover-timeout ${name} 5000`,
    ].join('\n'),
  );
  const child = spawn(binary('redis-server'), [config, '--sentinel'], { stdio: 'ignore' });
  const cli = (...args: string[]) => run(binary('redis-cli'), ['-p', String(port), ...args]);
  await until(async () => (await replica.cli('INFO', 'replication')).includes('master_link_status:up'));
  await until(async () => (await cli('SENTINEL', 'replicas', name)).includes(String(replica.port)));
  return {
    sentinel: { host: '127.0.0.1', port },
    name,
    master,
    replica,
    async stop() {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await ended;
      await Promise.all([master.stop(), replica.stop()]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Waits for what other processes do. */
export async function until(done: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 600; attempt += 1) {
    if (await done().catch(() => false)) return;
    await pause(25);
  }
  throw new Error('waited for 15 s in vain');
}
