import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { ImageConfig } from './buildah.ts';

/** Makes `$1` the root, all of it read-only, with `$2` as the folder of the configuration, and runs the rest in it. */
const IN_ROOT = `set -e
root=$1 config=$2 at=$3; shift 3
mount --bind "$root" "$at"
mount --bind "$config" "$at/etc/cdnetworks-gateway"
mount -o remount,bind,ro "$at/etc/cdnetworks-gateway"
mount -t proc proc "$at/proc"
mount -o remount,bind,ro "$at"
exec chroot "$@"`;

/** A container's first process. */
export interface Contained {
  /** What it has written so far, to either output. */
  text(): string;
  /** Resolves once that matches. */
  until(pattern: RegExp): Promise<void>;
  /** Sends a signal to the process itself, the first of its process namespace. */
  signal(name: NodeJS.Signals): void;
  /** Resolves to its exit code. */
  readonly ended: Promise<number | null>;
}

/** How an image is run: as the user, in the folder and with the environment that it says, its files read-only. */
export interface Run {
  /** Where the image's files are. */
  readonly files: string;
  readonly image: ImageConfig;
  /** The folder that is mounted where the configuration is looked for. */
  readonly config: string;
  /** In place of the image's own. */
  readonly command?: readonly string[];
}

/** Starts what the image says, or another command, in namespaces of its own; the network is this machine's. */
export function runImage(run: Run): Contained {
  const { files, image, config } = run;
  const command = run.command ?? [...image.entrypoint, ...image.cmd];
  const mountPoint = mkdtempSync(join(tmpdir(), 'image-root-'));
  const inRoot = [`--userspec=${image.user}`, mountPoint, 'env', '-i', `--chdir=${image.workingDir}`, ...image.env];
  const child = spawn(
    'unshare',
    ['-mpf', '--kill-child', 'sh', '-c', IN_ROOT, 'sh', files, config, mountPoint, ...inRoot, ...command],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let text = '';
  for (const output of [child.stdout, child.stderr]) {
    output.on('data', (chunk) => {
      text += chunk;
    });
  }
  const ended = once(child, 'close').then(([code]) => {
    rmdirSync(mountPoint);
    return code as number | null;
  });
  let over = false;
  void ended.then(() => {
    over = true;
  });
  return {
    text: () => text,
    async until(pattern) {
      while (!pattern.test(text)) {
        if (over) throw new Error(`it ended before it said ${pattern}: ${text}`);
        await pause(20);
      }
    },
    signal: (name) => process.kill(firstOf(child), name),
    ended,
  };
}

/** The one child of `unshare`, which passes no signals on. */
export function firstOf({ pid = 0 }: ChildProcess): number {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim());
}
