import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Test } from 'tap';
import type { Config } from '../../src/config/config.ts';
import { loadConfig } from '../../src/config/load.ts';
import { createAuthority } from '../support/certificates.ts';
import { filesOf, folderOf, podOf, readKustomization, readManifests, sharedOf } from './manifests.ts';

/** What a cluster's Secrets would have. */
const SECRETS: Record<string, string> = {
  'access-key': 'access-key-of-the-account',
  'secret-key': 'secret-key-of-the-account',
  'redis-url': 'redis://redis:6379',
};

/**
 * Lays the files of the gateway's volume out as the kubelet does, and loads the configuration among them. What is mounted to be
 * shared with others of the pod is below `shared`, by its path.
 */
export function loadMounted(t: Test, shape: string): { config: Config; shared: string } {
  // Not `t.testdir`: the path of a unix socket may not be that long.
  const folder = mkdtempSync(join(tmpdir(), 'pod-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const shared = join(folder, 'shared');
  const put = (path: string, text: string) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  const pod = podOf(readManifests(shape));
  const places = sharedOf(pod).map(({ mountPath }) => mountPath);
  for (const place of places) mkdirSync(join(shared, place), { recursive: true });
  const moved = (text: string) => places.reduce((so, place) => so.replaceAll(place, join(shared, place)), text);

  const { mount, sources } = filesOf(pod);
  t.equal(mount.mountPath, '/etc/cdnetworks-gateway', 'where the image looks for gateway.yaml');
  const secrets = { ...SECRETS, ...certificate(join(folder, 'authority')) };
  for (const { configMap, secret } of sources) {
    const generated = readKustomization(shape).configMapGenerator.find(({ name }) => name === configMap?.name);
    for (const file of generated?.files ?? []) put(file, moved(readFileSync(folderOf(shape) + file, 'utf8')));
    for (const { key, path } of secret?.items ?? []) put(path, secrets[key] ?? '');
  }
  return { config: loadConfig({ file: join(folder, 'gateway.yaml'), env: {} }), shared };
}

function certificate(folder: string): Record<string, string> {
  mkdirSync(folder);
  const { cert, key } = createAuthority(folder).issue({ name: 'cdnetworks-gateway' });
  return { 'tls.crt': cert, 'tls.key': key };
}
