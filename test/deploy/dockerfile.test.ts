// What can be said of the Dockerfile without building it, which `npm run test:image` does.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t from 'tap';

const root = fileURLToPath(new URL('../../', import.meta.url));
const read = (file: string) => readFileSync(root + file, 'utf8');
const dockerfile = read('Dockerfile');
const { version } = JSON.parse(read('package.json')) as { version: string };

const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.*) \S+$/gm)].flatMap(([, files = '']) => files.split(' '));

t.test('what the Dockerfile copies is there, and nothing else gets into the build', async (t) => {
  const allowed = read('.dockerignore')
    .match(/^!.*$/gm)
    ?.map((line) => line.slice(1));
  t.match(read('.dockerignore'), /^\*$/m, 'everything is left out');
  t.strictSame(allowed?.sort(), [...new Set(copied)].sort(), 'but for what is copied');
  for (const file of copied) t.ok(existsSync(root + file), file);
});

t.test('it runs no script of a package, starts no shell, and is nobody of rank', async (t) => {
  const installs = dockerfile.match(/npm (ci|prune)[^&\n]*/g) ?? [];
  t.equal(installs.length, 2);
  for (const install of installs) t.match(install, '--ignore-scripts', install);
  t.match(dockerfile, /npm prune [^&\n]*--omit=dev/);
  t.match(dockerfile, /^USER [1-9]\d*:[1-9]\d*$/m, 'a number, because of runAsNonRoot');
  for (const program of ['ENTRYPOINT', 'CMD', 'HEALTHCHECK .* CMD']) {
    t.match(dockerfile, new RegExp(`^${program} \\["`, 'm'), `${program}: as a list`);
  }
  t.notMatch(dockerfile, /^(ARG|ENV) \S*(SECRET|TOKEN|PASSWORD|KEY)/im, 'which would stay in a layer');
});

t.test('both its stages begin with the image of Node that is asked for', async (t) => {
  t.match(dockerfile, /^ARG NODE_IMAGE=\S+$/m);
  t.equal(dockerfile.match(/^FROM /gm)?.length, 2);
  t.equal(dockerfile.match(/^FROM \$\{NODE_IMAGE\}( AS build)?$/gm)?.length, 2);
  for (const label of ['title', 'description', 'licenses', 'version', 'revision']) {
    t.match(dockerfile, `org.opencontainers.image.${label}="`);
  }
});

t.test('whatever the sources read beside themselves is copied', async (t) => {
  const sources = readdirSync(`${root}src`, { recursive: true, encoding: 'utf8' }).filter(
    (path) => path.endsWith('.ts') && path !== 'config/write-schema.ts',
  );
  const wanted = sources.flatMap((path) =>
    [...read(`src/${path}`).matchAll(/new URL\(\s*['"`]\.\.\/\.\.\/([^'"`]+)['"`]/g)].map(([, file = '']) => file),
  );
  t.ok(wanted.includes('config/gateway.first.yaml'), 'which init writes');
  const runtime = dockerfile.slice(dockerfile.lastIndexOf('\nFROM '));
  for (const file of new Set(wanted))
    t.match(runtime, new RegExp(`^COPY (?!--from).*\\b${file}\\b.* /app/`, 'm'), file);
});

t.test('the image has the version of the package, and the ports that a configuration has by default', async (t) => {
  t.match(dockerfile, `ARG VERSION=${version}\n`);
  const schema = JSON.parse(read('config/gateway.schema.json')) as {
    properties: { admin: { default: { port: number } } };
  };
  t.match(dockerfile, `EXPOSE 8080 ${schema.properties.admin.default.port}\n`);
});

t.test('the Node of the image is one that CI tests', async (t) => {
  const [, major = ''] = /NODE_IMAGE=\S*node:(\d+)/.exec(dockerfile) ?? [];
  t.match(read('.ci/run'), new RegExp(`for line in .*\\b${major}\\b`));
});
