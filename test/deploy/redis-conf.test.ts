import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { binary, freePort, run } from '../support/redis-server.ts';

const FILE = fileURLToPath(new URL('../../deploy/redis.conf', import.meta.url));
const PASSWORD = 'of-this-test-alone';

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

t.test('as the last line of a distribution’s file it wins, and that says where the files are kept', async (t) => {
  const folder = t.testdir();
  const [, include] = /^# {3}include (\S+)$/m.exec(readFileSync(FILE, 'utf8')) ?? [];
  t.ok(include);
  const own = join(folder, 'redis.conf');
  const lines = ['bind 0.0.0.0', 'appendonly no', 'save 3600 1', 'maxmemory-policy allkeys-lru', `include ${include}`];
  writeFileSync(own, lines.join('\n').replace(include ?? '', FILE));
  const redis = await start(t, own);
  for (const [name, value] of Object.entries({ appendonly: 'yes', save: '', 'maxmemory-policy': 'noeviction' })) {
    t.strictSame((await redis.cli('CONFIG', 'GET', name)).split('\n').slice(1).join(), value, name);
  }
  t.ok(existsSync(join(redis.folder, 'appendonlydir')), 'where the start says');
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

t.test(
  'with the users that redis.conf tells of, a restart forgets nothing, and nobody comes in without a password',
  async (t) => {
    const folder = t.testdir();
    const withUsers = join(folder, 'with-users.conf');
    const users = join(folder, 'users.acl');
    const text = readFileSync(FILE, 'utf8');
    writeFileSync(withUsers, text.replace(/^# aclfile .*$/m, `aclfile ${users}`));
    const lines = [...text.matchAll(/^# {3}(user .*)$/gm)].map(([, line = '']) => line);
    t.equal(lines.length, 2);
    writeFileSync(users, `${lines.join('\n').replace('PASSWORD', PASSWORD).replace('RIGHTS', rights())}\n`);

    const gateway = ['--user', 'gateway', '--pass', PASSWORD, '--no-auth-warning'];
    const keys = ['cdnetworks-gateway:{a}:one', 'cdnetworks-gateway:{a}:two'];
    const script = "redis.call('set', KEYS[1], 1) return redis.call('zadd', KEYS[2], 1, 'unit')";
    const redis = await start(t, withUsers);
    t.equal(await redis.cli(...gateway, 'EVAL', script, '2', ...keys), '1');
    await redis.restart();
    t.equal(await redis.cli(...gateway, 'EXISTS', ...keys), '2');
    t.match(await redis.cli('EXISTS', ...keys), /^NOAUTH/);
    t.match(await redis.cli(...gateway, 'FLUSHALL'), /^NOPERM/);
  },
);

/** What src/quota/README.md says that the gateway's user needs. */
function rights(): string {
  const page = readFileSync(new URL('../../src/quota/README.md', import.meta.url), 'utf8');
  const [, block = ''] = /```\n(~cdnetworks-gateway:\*[^`]*)```/.exec(page) ?? [];
  return block.trim().replaceAll('\n', ' ');
}

/** A server that goes by the file; only its port and its folder are a test's own. */
async function start(t: Test, file: string, ...args: string[]) {
  const port = await freePort();
  const folder = `${t.testdirName}-${port}`;
  mkdirSync(folder, { recursive: true });
  let end = await serve(file, port, ['--dir', folder, ...args]);
  t.teardown(() => end());
  return {
    port,
    folder,
    cli: createCli(port),
    /** Ends it at once, as a crash would, and starts it with the same files. */
    async restart() {
      await end();
      end = await serve(file, port, ['--dir', folder, ...args]);
    },
  };
}

/** Resolves once it answers, to what ends it. */
async function serve(file: string, port: number, args: readonly string[]): Promise<() => Promise<void>> {
  const server = spawn(binary('server'), [file, '--port', String(port), ...args], { stdio: 'ignore' });
  const ended = once(server, 'exit');
  const cli = createCli(port);
  await until(async () => {
    if (server.exitCode !== null) throw new Error(`it ended with ${server.exitCode}`);
    return /^(PONG|NOAUTH)/.test(await cli('PING').catch(() => ''));
  });
  return async () => {
    server.kill('SIGKILL');
    await ended;
  };
}

/** redis-cli ends with 0 whatever the server says. */
function createCli(port: number): (...words: string[]) => Promise<string> {
  return (...words) => run(binary('cli'), ['-p', String(port), ...words]);
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await pause(50);
}
