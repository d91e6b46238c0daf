import { chownSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Engine } from './engine.ts';

/** Debian's valkey and Prometheus, made to look like the images of their makers: where they write, as whom, and how they start. */
const VALKEY = ['-c', 'USER valkey', '-c', 'WORKDIR /data'];
const PROMETHEUS = ['-c', 'USER 65534', '-c', 'VOLUME /prometheus', '-c', 'ENTRYPOINT ["/usr/bin/prometheus"]'];

/** Makes images under the names of those of valkey and Prometheus, out of the Debian that the engine runs in. */
export function makeStandIns({ root, run }: Engine, names: { valkey: string; prometheus: string }): void {
  for (const [folder, user] of [['data', Number(run('id', '-u', 'valkey'))] as const, ['prometheus', 65534] as const]) {
    mkdirSync(join(root, folder));
    chownSync(join(root, folder), user, user);
  }
  // Debian's own settings: a folder that only its user may enter, where compose mounts others.
  run('rm', '-r', '/etc/valkey');
  const folders = 'bin lib lib64 usr/bin usr/lib usr/lib64 etc data prometheus'.split(' ');
  run(
    'tar',
    '-C',
    '/',
    '--exclude=usr/bin/docker*',
    '--exclude=usr/bin/containerd*',
    '-cf',
    '/stand-in.tar',
    ...folders,
  );
  run('docker', 'import', ...VALKEY, '/stand-in.tar', names.valkey);
  const container = run('docker', 'create', names.valkey, 'true');
  run('docker', 'commit', ...PROMETHEUS, container, names.prometheus);
  run('docker', 'rm', container);
}
