import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { firstOf } from './run-image.ts';

const PATH = 'PATH=/usr/sbin:/usr/bin';

/**
 * Makes `$1` the root and starts systemd in it as its first process, in the control group `$2`. As other containers do, it makes
 * the kernel's settings read-only, because they are those of the whole machine, and the mounts shared, because systemd
 * hands credentials to services that way. It ends with the process that started it.
 */
const BOOT = `set -e
root=$1 group=$2
echo $$ > "$group/cgroup.procs"
exec setpriv --pdeathsig KILL unshare --mount --uts --ipc --net --pid --cgroup --fork --kill-child sh -c '
set -e
mount --bind "$1" "$1"
cd "$1"
mount -t proc proc proc
mount --bind proc/sys proc/sys
mount -o remount,bind,ro proc/sys
mount -t sysfs -o ro sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs dev
for device in null zero full random urandom tty; do
  touch dev/$device
  mount --bind /dev/$device dev/$device
done
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts dev/pts
mount -t tmpfs -o mode=1777 tmpfs dev/shm
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs -o mode=1777 tmpfs tmp
pivot_root . mnt
umount -l mnt
mount --make-rshared /
exec env -i container=other ${PATH} /sbin/init systemd.show_status=0 systemd.log_target=journal
' sh "$root"`;

/** A Debian with systemd, in namespaces of its own; its network is nothing but a loopback. */
export interface Machine {
  /** Runs a program on it, and gives what it prints to both outputs and its exit code. */
  run(program: string, ...args: string[]): Ran;
  /** Ends all of its processes. */
  end(): Promise<void>;
}

/** What became of a program. */
export interface Ran {
  readonly status: number | null;
  readonly text: string;
}

/** Puts a Debian with systemd and these packages into a folder that exists. */
export function makeMachine(root: string, packages: readonly string[]): void {
  const include = `--include=systemd,systemd-sysv,dbus,${packages.join(',')}`;
  execFileSync('mmdebstrap', ['--quiet', '--variant=minbase', include, 'bookworm', root], { stdio: 'inherit' });
}

/**
 * Starts the machine whose files are in `root`.
 *
 * @throws Error that says what systemd lacks here
 */
export async function boot(root: string): Promise<Machine> {
  const group = makeGroup();
  const child = spawn('sh', ['-c', BOOT, 'sh', root, group], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const output of [child.stdout, child.stderr]) {
    output.on('data', (chunk) => {
      said += chunk;
    });
  }
  const ended = once(child, 'close');
  let over = false;
  void ended.then(() => {
    over = true;
  });
  const machine: Machine = {
    run(program, ...args) {
      const enter = ['-t', String(firstOf(child)), '-a', '--', 'env', '-i', PATH];
      const { status, stdout, stderr } = spawnSync('nsenter', [...enter, program, ...args], { encoding: 'utf8' });
      return { status, text: `${stdout}${stderr}` };
    },
    async end() {
      const first = over ? 0 : firstOf(child);
      // Its death is that of all others, and `unshare` waits for it.
      if (first > 0) process.kill(first, 'SIGKILL');
      else child.kill('SIGKILL');
      await ended;
      execFileSync('find', [group, '-depth', '-type', 'd', '-exec', 'rmdir', '{}', ';']);
    },
  };
  const until = performance.now() + 30_000;
  while (!over && performance.now() < until) {
    // Degraded is a machine where some unit that is none of ours failed.
    if (/^(running|degraded)/.test(state(machine))) return machine;
    await pause(100);
  }
  const last = over ? 'it ended' : state(machine);
  await machine.end();
  throw new Error(`${last} ${said}`.trim());
}

/** `running`, or what else systemd says of itself; nothing while it isn't there yet. */
function state({ run }: Machine): string {
  try {
    return run('systemctl', 'is-system-running').text;
  } catch {
    return '';
  }
}

/** systemd needs a tree of control groups that it may change: one of its own in that of this machine. */
function makeGroup(): string {
  const mounts = readFileSync('/proc/mounts', 'utf8');
  const [, at] = /^\S+ (\S+) cgroup2 /m.exec(mounts) ?? [];
  if (at === undefined) throw new Error('control groups of version 2 are mounted nowhere');
  const group = join(at, `cdnetworks-gateway-${process.pid}`);
  mkdirSync(group);
  return group;
}
