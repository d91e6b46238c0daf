import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Programs that build and run an image without a container engine, and the Debian packages that have them. */
const TOOLS = {
  buildah: 'buildah',
  mmdebstrap: 'mmdebstrap',
  unshare: 'util-linux',
  nsenter: 'util-linux',
  chroot: 'coreutils',
};

/**
 * Puts the tools on this machine where they are missing.
 *
 * @returns why the image can't be built here, or nothing if it can
 */
export function whyNoImage(): string | undefined {
  if (process.getuid?.() !== 0) return 'building and running an image without a container engine needs root';
  const packages = Object.entries(TOOLS).flatMap(([program, name]) => (onPath(program) ? [] : [name]));
  if (packages.length === 0) return undefined;
  try {
    apt('update', '-qq');
    apt('install', '-y', '-qq', '--no-install-recommends', ...packages);
    return undefined;
  } catch (error) {
    return `it needs ${packages.join(' and ')}, which apt-get can't install here: ${String(error)}`;
  }
}

function onPath(program: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => existsSync(join(folder, program)));
}

function apt(...args: string[]): void {
  execFileSync('apt-get', args, { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }, stdio: 'pipe' });
}
