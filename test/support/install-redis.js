// Puts a Redis where the tests find one, if there is none: `npm test` runs it first. It never lets tests be skipped.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const CACHE = fileURLToPath(new URL('../../node_modules/.cache/redis/', import.meta.url));
const ROOT = join(CACHE, 'root');
/** What Debian's and Ubuntu's server and tools are linked with, by all the names these have had. */
const PACKAGES = ['redis-server', 'redis-tools'];
const LIBRARIES = [
  'libatomic1',
  'libssl3',
  'libssl3t64',
  'libjemalloc2',
  'liblzf1',
  'liblua5.1-0',
  'lua-cjson',
  'lua-bitop',
  'libhiredis0.14',
  'libhiredis1.1.0',
];

if (!isThere()) {
  try {
    if (process.getuid?.() === 0) installForAll();
    else unpackForTests();
  } catch (error) {
    fail(error instanceof Error ? error.message : String(error));
  }
  if (!isThere()) fail('there is still none');
}

function isThere() {
  return existsSync(join(ROOT, 'usr/bin/redis-server')) || onPath('redis-server') || onPath('valkey-server');
}

function onPath(name) {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, name)));
}

function installForAll() {
  if (
    !existsSync('/var/lib/apt/lists') ||
    !readdirSync('/var/lib/apt/lists').some((name) => name.includes('_Packages'))
  ) {
    run('apt-get', ['update', '-qq']);
  }
  run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'redis-server'], {
    DEBIAN_FRONTEND: 'noninteractive',
  });
}

/** Needs no rights: the packages are fetched and unpacked into node_modules. */
function unpackForTests() {
  mkdirSync(CACHE, { recursive: true });
  const folder = mkdtempSync(join(CACHE, 'unpack-'));
  try {
    run('apt-get', ['download', ...PACKAGES], {}, folder);
    for (const library of LIBRARIES) {
      try {
        run('apt-get', ['download', library], {}, folder, 'ignore');
      } catch {
        // This release has it under another name, or does without.
      }
    }
    const debs = readdirSync(folder).filter((name) => name.endsWith('.deb'));
    for (const deb of debs) run('dpkg-deb', ['-x', join(folder, deb), join(folder, 'root')]);
    rmSync(ROOT, { recursive: true, force: true });
    renameSync(join(folder, 'root'), ROOT);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function run(program, args, environment = {}, cwd = process.cwd(), stderr = 'inherit') {
  execFileSync(program, args, { cwd, env: { ...process.env, ...environment }, stdio: ['ignore', 'ignore', stderr] });
}

function fail(reason) {
  process.stderr.write(
    `the tests need Redis 6.2 or later, or Valkey: install it (Debian: apt-get install redis-server) and run them again; ${reason}\n`,
  );
  process.exit(1);
}
