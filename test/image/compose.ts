import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Test } from 'tap';
import { parse } from 'yaml';
import type { Buildah } from './buildah.ts';
import { type Engine, startEngine } from './engine.ts';
import { makeStandIns } from './stand-ins.ts';

const DEPLOY = fileURLToPath(new URL('../../deploy/', import.meta.url));
const { services } = parse(readFileSync(join(DEPLOY, 'compose.yaml'), 'utf8')) as {
  services: Record<'gateway' | 'valkey' | 'prometheus', { image: string }>;
};
/** All but Grafana, of which Debian has no package. */
const STARTED = Object.keys(services).filter((name) => name !== 'grafana');

/** Has Docker start what compose.yaml says, with the image that was built, and looks whether it works and ends as it should. */
export async function runCompose(t: Test, built: { buildah: Buildah; image: string; folder: string }): Promise<void> {
  const engine = await startEngine(join(built.folder, 'engine'), DEPLOY);
  if (typeof engine === 'string') {
    t.pass(engine, { skip: engine });
    return;
  }
  t.teardown(() => engine.stop());
  t.comment(engine.run('docker', 'version', '--format', 'Docker {{.Server.Version}}'));
  makeStandIns(engine, { valkey: services.valkey.image, prometheus: services.prometheus.image });
  loadBuilt(engine, built);

  const compose = (...args: string[]) => engine.run('docker', 'compose', '-f', '/deploy/compose.yaml', ...args);
  const get = (url: string) => engine.run('curl', '--silent', '--show-error', '--include', `127.0.0.1:${url}`);
  const up = () => compose('up', '--detach', '--wait', '--no-build', '--pull', 'never', ...STARTED);
  up();
  t.pass('each becomes healthy');

  t.match(
    get('8080/api/domain'),
    /^HTTP\/1.1 200 [\s\S]*^x-cnc-request-id: [0-9a-f]{32}\r$/m,
    'signed for the sandbox',
  );
  t.match(compose('exec', '-T', 'valkey', 'valkey-cli', '--scan'), '{main}:l:account', 'counted in valkey');
  t.match(
    compose('exec', '-T', 'gateway', 'cdnetworks-gateway', 'quota', '--account', 'main'),
    / 1\/300 /,
    'and read from there',
  );

  // Every 15 seconds it scrapes and evaluates.
  await until(() => /"health":"up"/.test(get('9091/api/v1/targets')));
  await until(() => !/"health":"unknown"/.test(get('9091/api/v1/rules')));
  t.notMatch(get('9091/api/v1/rules'), /"health":"err"/, 'every rule can be evaluated');

  compose('restart', 'gateway');
  up();
  t.match(get('8080/api/domain'), ' 200 ', 'the sandbox was started anew in the new network');

  for (const name of ['gateway', 'sandbox', 'prometheus']) {
    t.equal(engine.run('docker', 'diff', `cdnetworks-gateway-${name}-1`), '', `${name} writes to volumes alone`);
  }
  compose('stop');
  t.equal(
    compose('ps', '--all', '--format', '{{.ExitCode}}'),
    STARTED.map(() => '0').join('\n'),
    'all end by themselves',
  );
  compose('down', '--volumes');
}

function loadBuilt({ root, run }: Engine, { buildah, image }: { buildah: Buildah; image: string }): void {
  mkdirSync(join(root, 'built'));
  buildah('push', '--quiet', image, `docker-archive:${join(root, 'built/image.tar')}:${services.gateway.image}:latest`);
  run('docker', 'load', '--input', '/built/image.tar');
}

async function until(condition: () => boolean): Promise<void> {
  for (const end = Date.now() + 60_000; Date.now() < end; await pause(200)) if (condition()) return;
  throw new Error(`not within a minute: ${condition}`);
}
