// Builds the Dockerfile and runs what comes of it: `npm run test:image`. Needs root, the registries of Debian and npm, and 5 GB
// of disk; a container engine it brings itself.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { DEMO_ACCESS_KEY, DEMO_SECRET_KEY } from '../../src/sandbox/demo-credentials.ts';
import { freePort } from '../support/redis-server.ts';
import { buildImage } from './build-image.ts';
import { createBuildah } from './buildah.ts';
import { runCompose } from './compose.ts';
import { runImage } from './run-image.ts';
import { whyNoTools } from './tools.ts';

const IMAGE = 'localhost/cdnetworks-gateway:test';
const root = fileURLToPath(new URL('../../', import.meta.url));
const reason = whyNoTools('buildah', 'mmdebstrap', 'unshare', 'nsenter', 'chroot');

t.test('the image', { skip: reason ?? false }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'image-'));
  const buildah = createBuildah(folder);
  t.teardown(() => {
    buildah('rm', '--all');
    rmSync(folder, { recursive: true, force: true });
  });
  const started = performance.now();
  buildImage(buildah, IMAGE);
  t.comment(`built in ${Math.round((performance.now() - started) / 1000)} s`);
  const image = buildah.inspect(IMAGE);
  const files = buildah.unpack(IMAGE);
  const run = (config: string, command?: string[]) => runImage({ files, image, config, ...(command && { command }) });

  await t.test('says who it runs as, what it runs and how it is asked', async (t) => {
    t.equal(image.user, '65532:65532', 'a number, and not 0');
    t.strictSame([...image.entrypoint, ...image.cmd], ['cdnetworks-gateway', 'serve'], 'no shell before it');
    t.strictSame(image.healthcheck, ['CMD', 'cdnetworks-gateway', 'healthcheck']);
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    t.equal(image.labels['org.opencontainers.image.version'], version);
    t.equal(image.labels['org.opencontainers.image.licenses'], 'Apache-2.0');
  });

  await t.test('holds what it runs with, and neither sources, tests nor the tools of its making', async (t) => {
    t.strictSame(readdirSync(join(files, 'app')).sort(), ['LICENSE', 'config', 'dist', 'node_modules', 'package.json']);
    t.strictSame(installed(join(files, 'app/node_modules')), productionTree());
    const tools = ['/usr/local/lib/node_modules', '/usr/local/bin/npm', '/usr/local/bin/npx'];
    for (const path of tools) t.notOk(existsSync(join(files, path)), `no ${path}`);
    const own = readdirSync(join(files, 'app'), { recursive: true }).map((path) =>
      statSync(join(files, 'app', String(path))),
    );
    t.ok(
      own.every(({ uid, mode }) => uid === 0 && (mode & 0o022) === 0),
      'all of it is root’s, and only root may write',
    );
  });

  await t.test('runs with a read-only root, answers, and ends with 0 on SIGTERM', async (t) => {
    const port = {
      api: await freePort(),
      control: await freePort(),
      gateway: await freePort(),
      admin: await freePort(),
    };
    const config = writeConfig(folder, port);
    const sandbox = run(config, [
      'cdnetworks-gateway',
      'sandbox',
      ...`--port ${port.api} --control-port ${port.control}`.split(' '),
    ]);
    await sandbox.until(/control/);
    const gateway = run(config);
    await gateway.until(/gateway started/);

    const answer = await fetch(`http://127.0.0.1:${port.gateway}/api/domain`);
    t.equal(answer.status, 200, 'signed so that the sandbox takes it');
    t.match(answer.headers.get('x-cnc-request-id'), /^[0-9a-f]{32}$/);

    const healthy = run(config, image.healthcheck.slice(1));
    t.equal(await healthy.ended, 0, healthy.text());
    const write = run(config, ['sh', '-c', 'touch /app/x /tmp/x /etc/cdnetworks-gateway/x']);
    t.equal(await write.ended, 1);
    t.equal(write.text().match(/Read-only file system/g)?.length, 3, 'nothing could have been written');

    gateway.signal('SIGTERM');
    t.equal(await gateway.ended, 0, 'though it is the first process, to which signals do nothing by default');
    t.notMatch(gateway.text(), /EROFS|EACCES|"level":[56]0/, 'nor did it try');
    const gone = run(config, image.healthcheck.slice(1));
    t.equal(await gone.ended, 1, 'nobody is there any more');
    sandbox.signal('SIGTERM');
    t.equal(await sandbox.ended, 0);
  });

  await t.test('runs as compose.yaml says, in a container engine', (t) =>
    runCompose(t, { buildah, image: IMAGE, folder }),
  );
});

/** Names and versions of the packages in a tree. */
function installed(folder: string): string[] {
  const { packages } = JSON.parse(readFileSync(join(folder, '.package-lock.json'), 'utf8')) as Lock;
  const named = Object.keys(packages);
  const there = named.filter((path) => existsSync(join(folder, '..', path, 'package.json')));
  return there.length === named.length ? named.sort() : ['some are missing'];
}

/** What package-lock.json names that isn't for development. */
function productionTree(): string[] {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as Lock;
  return Object.entries(packages)
    .filter(([path, { dev, optional }]) => path !== '' && !dev && !optional)
    .map(([path]) => path)
    .sort();
}

interface Lock {
  packages: Record<string, { dev?: boolean; optional?: boolean }>;
}

function writeConfig(folder: string, port: { api: number; gateway: number; admin: number }): string {
  const config = join(folder, 'config');
  mkdirSync(join(config, 'secrets'), { recursive: true });
  writeFileSync(join(config, 'secrets/access-key'), DEMO_ACCESS_KEY);
  writeFileSync(join(config, 'secrets/secret-key'), DEMO_SECRET_KEY);
  writeFileSync(
    join(config, 'gateway.yaml'),
    `listen: [{ port: ${port.gateway} }]
admin: { host: 0.0.0.0, port: ${port.admin} }
accounts:
  main:
    origin: http://127.0.0.1:${port.api}
    credential:
      type: access-key
      accessKey: { file: secrets/access-key }
      secretKey: { file: secrets/secret-key }
anonymous: { account: main }
`,
  );
  return config;
}
