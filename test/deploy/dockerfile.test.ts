// What can be said of the Dockerfile without building it, which `npm run test:image` does.
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t from 'tap';

const root = fileURLToPath(new URL('../../', import.meta.url));
const read = (file: string) => readFileSync(root + file, 'utf8');
const dockerfile = read('Dockerfile');
const { version } = JSON.parse(read('package.json')) as { version: string };

t.test('what the Dockerfile copies is there, and nothing else gets into the build', async (t) => {
  const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.*) \S+$/gm)].flatMap(([, files = '']) => files.split(' '));
  const allowed = read('.dockerignore')
    .match(/^!.*$/gm)
    ?.map((line) => line.slice(1));
  t.match(read('.dockerignore'), /^\*$/m, 'everything is left out');
  t.strictSame(allowed?.sort(), [...new Set(copied)].sort(), 'but for what is copied');
  for (const file of copied) t.ok(existsSync(root + file), file);
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
