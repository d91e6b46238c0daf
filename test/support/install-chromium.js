// Puts a Chromium where the tests of the status page find one, if there is none: `npm test` runs it first. It never lets tests be
// skipped.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';

/** Where Debian and Ubuntu have it; the tests start this one and no other. */
const CHROMIUM = '/usr/bin/chromium';

if (!existsSync(CHROMIUM)) {
  try {
    install();
  } catch (error) {
    fail(error instanceof Error ? error.message : String(error));
  }
  if (!existsSync(CHROMIUM)) fail('there is still none');
}

function install() {
  const lists = '/var/lib/apt/lists';
  if (!existsSync(lists) || !readdirSync(lists).some((name) => name.includes('_Packages'))) run(['update', '-qq']);
  run(['install', '-y', '-qq', '--no-install-recommends', 'chromium']);
}

function run(args) {
  // Unlike Redis it can't be unpacked for the tests alone: too many libraries. So who isn't root asks sudo, which may refuse.
  const [program, ...rest] = process.getuid?.() === 0 ? ['apt-get', ...args] : ['sudo', '-n', 'apt-get', ...args];
  execFileSync(program, rest, {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

function fail(reason) {
  process.stderr.write(
    `the tests need ${CHROMIUM}: install it (Debian: apt-get install chromium) and run them again; ${reason}\n`,
  );
  process.exit(1);
}
