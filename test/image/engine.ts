import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { firstOf } from './run-image.ts';

/** Debian's Docker Engine and Compose, and what stands in for images that no registry can give here. */
const PACKAGES = 'docker.io,docker-cli,docker-compose,iptables,iproute2,curl,valkey-server,prometheus';

/** Makes the folder `$1` the root, with `$2` to be read in `/deploy`, and starts the engine there. */
const IN_ROOT = `set -e
mount --bind "$1" "$1"
mount --rbind /sys "$1/sys"
mount --rbind /dev "$1/dev"
mount -t proc proc "$1/proc"
mount -t tmpfs run "$1/run"
mount --bind "$2" "$1/deploy"
mount -o remount,bind,ro "$1/deploy"
cd "$1"
# Not chroot: what is run in a container later would find this machine's root instead of the container's.
pivot_root . mnt
umount -l /mnt
ip link set lo up
exec dockerd --data-root /docker`;

/** A container engine in a Debian, a network and a process namespace of its own: this machine's ports and packages stay as they are. */
export interface Engine {
  /** The folder that is its root. */
  readonly root: string;
  /** Runs a program there and gives what it prints. */
  run(program: string, ...args: string[]): string;
  /** Ends it with all that runs in it. */
  stop(): Promise<void>;
}

/**
 * Makes a Debian in `root` and starts the engine in it.
 *
 * @returns the engine, or why it doesn't run here
 */
export async function startEngine(root: string, deploy: string): Promise<Engine | string> {
  // The oldest release that has a Compose of the second generation.
  execFileSync('mmdebstrap', ['--quiet', '--variant=minbase', `--include=${PACKAGES}`, 'trixie', root]);
  for (const folder of ['deploy', 'docker']) mkdirSync(join(root, folder));
  const namespaces = ['--net', '--mount', '--pid', '--fork', '--kill-child'];
  const child = spawn('unshare', [...namespaces, 'sh', '-c', IN_ROOT, 'sh', root, deploy], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let log = '';
  child.stderr.on('data', (chunk) => {
    log = (log + chunk).slice(-2000);
  });
  const ended = once(child, 'close');
  const stop = async () => {
    child.kill('SIGKILL');
    await ended;
  };
  const engine = { root, run: runIn(child), stop };
  for (const until = Date.now() + 30_000; Date.now() < until && child.exitCode === null; await pause(200)) {
    if (log.includes('API listen on')) return engine;
  }
  await stop();
  return `a container engine doesn't start here: ${log.trim().split('\n').at(-1)}`;
}

function runIn(child: ChildProcess): Engine['run'] {
  const into = ['--net', '--mount', '--pid', '--root', '--wd'];
  const env = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' };
  return (...command) => {
    const args = ['--target', String(firstOf(child)), ...into, ...command];
    return execFileSync('nsenter', args, { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
  };
}
