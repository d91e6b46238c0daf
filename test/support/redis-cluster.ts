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
  /** Moves the slot of a key to another master while clients go on, a few keys at a time. */
  moveSlotOf(key: string): Promise<void>;
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
  const cluster = (...args: string[]) => run(binary('cli'), ['--cluster', ...args]);
  await cluster('create', ...addresses, '--cluster-yes');
  await until(async () => {
    const states = await Promise.all(servers.map(({ cli }) => cli('CLUSTER', 'INFO')));
    return states.every((state) => state.includes('cluster_state:ok'));
  });
  const idOf = async (index: number) => servers[index]?.cli('CLUSTER', 'MYID') ?? '';
  return {
    nodes: servers.map(({ port = 0 }) => ({ host: '127.0.0.1', port })),
    cli: first.cli,
    moveSlotOf: (key) => moveSlot(servers, key),
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

/** What redis-cli does for each slot of a `reshard`. */
async function moveSlot(masters: readonly RedisServer[], key: string): Promise<void> {
  const [first] = masters;
  // Who doesn't have the slot answers `MOVED SLOT ADDRESS`.
  const [, , address] = (await first?.cli('EXISTS', key))?.split(' ') ?? [];
  const source = masters.find(({ port }) => address === `127.0.0.1:${port}`) ?? first;
  const target = masters.find((master) => master !== source);
  if (source === undefined || target === undefined) throw new Error('there is nowhere to move to');
  const tell = async (server: RedisServer, ...words: string[]) => {
    const answer = await server.cli(...words);
    if (answer !== 'OK' && answer !== 'NOKEY') throw new Error(`${words.join(' ')}: ${answer}`);
  };
  const slot = await source.cli('CLUSTER', 'KEYSLOT', key);
  const [from, to] = [await source.cli('CLUSTER', 'MYID'), await target.cli('CLUSTER', 'MYID')];
  await tell(target, 'CLUSTER', 'SETSLOT', slot, 'IMPORTING', from);
  await tell(source, 'CLUSTER', 'SETSLOT', slot, 'MIGRATING', to);
  for (;;) {
    const keys = (await source.cli('CLUSTER', 'GETKEYSINSLOT', slot, '10')).split('\n').filter(Boolean);
    if (keys.length === 0) break;
    await tell(source, 'MIGRATE', '127.0.0.1', String(target.port), '', '0', '5000', 'KEYS', ...keys);
  }
  const others = masters.filter((master) => master !== source && master !== target);
  for (const server of [target, source, ...others]) await tell(server, 'CLUSTER', 'SETSLOT', slot, 'NODE', to);
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
  const child = spawn(binary('server'), [config, '--sentinel'], { stdio: 'ignore' });
  const cli = (...args: string[]) => run(binary('cli'), ['-p', String(port), ...args]);
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
