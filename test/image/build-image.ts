import { cpSync, existsSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Buildah } from './buildah.ts';
import { nodeProgram, print } from './node-program.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const NODE_IMAGE = 'localhost/node:24-bookworm-slim';
/** Certificate authorities that this machine trusts; a network may have one of its own before the package registry. */
const AUTHORITIES = '/etc/ssl/certs/ca-certificates.crt';

/** Builds the Dockerfile as it is. The base is made here, of Debian's packages and npm's `node`, as no registry need be reached. */
export function buildImage(buildah: Buildah, image: string): void {
  makeBase(buildah);
  // OCI's format has no HEALTHCHECK.
  const how = ['--format', 'docker', '--isolation', 'chroot', '--pull-never', '--quiet'];
  buildah('bud', ...how, '--build-arg', `NODE_IMAGE=${NODE_IMAGE}`, '-t', image, ROOT);
}

function makeBase(buildah: Buildah): void {
  const container = buildah('from', 'scratch');
  const files = buildah('mount', container);
  print('mmdebstrap', '--quiet', '--variant=minbase', '--include=ca-certificates', 'bookworm', files);
  const local = join(files, 'usr/local');
  cpSync(nodeProgram(), join(local, 'bin/node'));
  cpSync(npmFolder(), join(local, 'lib/node_modules/npm'), { recursive: true });
  symlinkSync('../lib/node_modules/npm/bin/npm-cli.js', join(local, 'bin/npm'));
  const registry = print('npm', 'config', 'get', 'registry');
  writeFileSync(join(local, 'etc/npmrc'), `registry=${registry}\ncafile=${AUTHORITIES}\n`);
  if (existsSync(AUTHORITIES)) cpSync(AUTHORITIES, join(files, AUTHORITIES));
  buildah('commit', '--quiet', '--rm', container, NODE_IMAGE);
}

function npmFolder(): string {
  const program = realpathSync(print('sh', '-c', 'command -v npm'));
  return dirname(dirname(program));
}
