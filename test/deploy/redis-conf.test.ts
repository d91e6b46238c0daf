import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { binary, freePort, run } from '../support/redis-server.ts';

const FILE = fileURLToPath(new URL('../../deploy/redis.conf', import.meta.url));

t.test('Redis starts with redis.conf, and keeps all that it is told', async (t) => {
  const redis = await start(t, FILE);
  const wanted: Record<string, string> = {
    'maxmemory-policy': 'noeviction',
    maxmemory: String(256 * 1024 * 1024),
    appendonly: 'yes',
    appendfsync: 'everysec',
    save: '',
    'zset-max-listpack-entries': '512',
    'min-replicas-to-write': '0',
    bind: '127.0.0.1 -::1',
    'protected-mode': 'yes',
  };
  for (const [name, value] of Object.entries(wanted)) {
    t.strictSame((await redis.cli('CONFIG', 'GET', name)).split('\n').slice(1).join(), value, name);
  }
});

t.test('with the settings for a replica, a master without one refuses to write', async (t) => {
  const replicated = `${t.testdir()}/replicated.conf`;
  writeFileSync(replicated, readFileSync(FILE, 'utf8').replaceAll('# min-replicas', 'min-replicas'));
  // It waits for further replicas by default, before it begins with the first.
  const master = await start(t, replicated, '--repl-diskless-sync-delay', '0');
  t.match(await master.cli('CONFIG', 'GET', 'min-replicas-max-lag'), /\n2$/);
  t.match(await master.cli('SET', 'unit', '1'), /NOREPLICAS/);

  const replica = await start(t, replicated, '--replicaof', '127.0.0.1', String(master.port));
  await until(async () => (await master.cli('SET', 'unit', '1')) === 'OK');
  t.equal(await replica.cli('PING'), 'PONG');
});

/** A server that goes by the file; only its port and its folder are a test's own. */
async function start(t: Test, file: string, ...args: string[]) {
  const port = await freePort();
  const folder = `${t.testdirName}-${port}`;
  mkdirSync(folder, { recursive: true });
  const server = spawn(binary('server'), [file, '--port', String(port), '--dir', folder, ...args], { stdio: 'ignore' });
  const ended = once(server, 'exit');
  t.teardown(async () => {
    server.kill('SIGKILL');
    await ended;
  });
  // redis-cli ends with 0 whatever the server says.
  const cli = (...words: string[]) => run(binary('cli'), ['-p', String(port), ...words]);
  await until(async () => {
    if (server.exitCode !== null) throw new Error(`it ended with ${server.exitCode}`);
    return (await cli('PING').catch(() => '')) === 'PONG';
  });
  return { port, cli };
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await pause(50);
}
