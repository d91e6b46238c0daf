import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type RedisServer, run, startRedis } from '../support/redis-server.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';

/** Where the store of a fleet is, in the words of the configuration. */
export interface FleetRedis {
  readonly place: { readonly url: string } | { readonly cluster: readonly string[] };
  close(): Promise<void>;
}

/** The Redis of a fleet, behind an address that stays the same whatever happens to the server. */
export interface SharedRedis extends FleetRedis {
  cli(...words: string[]): Promise<string>;
  /** Ends the server as a crash would; it keeps nothing. */
  crash(): Promise<void>;
  restart(): Promise<void>;
  standStill(): void;
  goOn(): void;
  /** Takes the way to the server away, and gives it back. */
  cut(): void;
  mend(): void;
  /** Hands over to a replica that has not heard of the last `missedMs`. */
  failOver(options: { missedMs: number }): Promise<void>;
  /** Steps the server's clock, and those of the servers that follow it. Needs `clock: 'stepped'`. */
  stepClock(seconds: number): void;
}

/** @param options.clock `stepped` for a server whose clock can be stepped: that needs a C compiler on the PATH */
export async function startSharedRedis(options: { clock?: 'real' | 'stepped' } = {}): Promise<SharedRedis> {
  const folder = mkdtempSync(join(tmpdir(), 'accuracy-redis-'));
  const stepFile = join(folder, 'step');
  writeFileSync(stepFile, '0');
  const env = options.clock === 'stepped' ? await steppedClock(folder, stepFile) : {};
  const start = () => startRedis({ tcp: true, env });
  let server = await start();
  const way = await TcpProxy.start(portOf(server));
  let steppedBy = 0;

  return {
    place: { url: way.url },
    cli: (...words) => server.cli(...words),
    crash: () => server.kill(),
    restart: () => server.restart(),
    standStill: () => server.standStill(),
    goOn: () => server.goOn(),
    cut: () => way.refuse(),
    mend: () => way.accept(),
    async failOver({ missedMs }) {
      const old = server;
      const next = await start();
      await next.cli('REPLICAOF', '127.0.0.1', String(old.port));
      await inSync(next);
      await next.cli('REPLICAOF', 'NO', 'ONE');
      await pause(missedMs);
      way.switchTo(portOf(next));
      way.cut();
      server = next;
      await old.stop();
    },
    stepClock(seconds) {
      steppedBy += seconds;
      // Renamed into place: a server that reads a half-written file would see its clock step to and fro.
      writeFileSync(`${stepFile}.new`, String(steppedBy));
      renameSync(`${stepFile}.new`, stepFile);
    },
    async close() {
      await way.close();
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function portOf({ port }: RedisServer): number {
  if (port === undefined) throw new Error('a server on a port was asked for');
  return port;
}

async function inSync(replica: RedisServer): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    if ((await replica.cli('INFO', 'replication')).includes('master_link_status:up')) return;
    await pause(20);
  }
  throw new Error('the replica did not catch up');
}

async function steppedClock(folder: string, stepFile: string): Promise<NodeJS.ProcessEnv> {
  const library = join(folder, 'stepped-clock.so');
  const source = fileURLToPath(new URL('stepped-clock.c', import.meta.url));
  await run('cc', ['-shared', '-fPIC', '-O2', '-o', library, source]);
  return { LD_PRELOAD: library, CLOCK_STEP_FILE: stepFile };
}
