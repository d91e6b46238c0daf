import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Programs that make and run an image or a machine without a container engine, and the Debian packages that have them. */
const TOOLS = {
  buildah: 'buildah',
  mmdebstrap: 'mmdebstrap',
  unshare: 'util-linux',
  nsenter: 'util-linux',
  setpriv: 'util-linux',
  chroot: 'coreutils',
};

/**
 * Puts the tools on this machine where they are missing.
 *
 * @returns why they can't be used here, or nothing if they can
 */
export function whyNoTools(...programs: (keyof typeof TOOLS)[]): string | undefined {
  if (process.getuid?.() !== 0) return `${programs.join(', ')} need root`;
  const packages = programs.flatMap((program) => (onPath(program) ? [] : [TOOLS[program]]));
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
