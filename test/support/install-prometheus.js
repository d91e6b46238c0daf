// Puts a Prometheus where the tests find one, if there is none: `npm test` runs it first. It never lets tests be skipped.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const CACHE = fileURLToPath(new URL('../../node_modules/.cache/prometheus/', import.meta.url));
const ROOT = join(CACHE, 'root');

if (!isThere()) {
  try {
    unpack();
  } catch (error) {
    fail(error instanceof Error ? error.message : String(error));
  }
  if (!isThere()) fail('there is still none');
}

function isThere() {
  const folders = [join(ROOT, 'usr/bin'), ...(process.env.PATH ?? '').split(delimiter)];
  return ['prometheus', 'promtool'].every((program) => folders.some((folder) => existsSync(join(folder, program))));
}

/** Into node_modules, never into the system: to be installed would start a service on the port of the gateway's operators. */
function unpack() {
  mkdirSync(CACHE, { recursive: true });
  const folder = mkdtempSync(join(CACHE, 'unpack-'));
  try {
    if (process.getuid?.() === 0 && !hasLists()) run('apt-get', ['update', '-qq']);
    run('apt-get', ['download', '-qq', '-o', 'APT::Sandbox::User=root', 'prometheus'], folder);
    const [deb = ''] = readdirSync(folder).filter((name) => name.endsWith('.deb'));
    run('dpkg-deb', ['-x', join(folder, deb), join(folder, 'root')]);
    rmSync(ROOT, { recursive: true, force: true });
    renameSync(join(folder, 'root'), ROOT);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function hasLists() {
  const lists = '/var/lib/apt/lists';
  return existsSync(lists) && readdirSync(lists).some((name) => name.includes('_Packages'));
}

function run(program, args, cwd = process.cwd()) {
  execFileSync(program, args, { cwd, stdio: ['ignore', 'ignore', 'inherit'] });
}

function fail(reason) {
  process.stderr.write(
    `the tests need prometheus and promtool: install them (Debian: apt-get install prometheus) and run them again; ${reason}\n`,
  );
  process.exit(1);
}
