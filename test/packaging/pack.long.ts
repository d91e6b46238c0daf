// What `npm pack` makes: the files that are meant, and a gateway that runs from them with nothing but its dependencies.
import { execFile, spawn } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import t, { type Test } from 'tap';
import { kill } from '../support/holder.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const run = promisify(execFile);
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  version: string;
};

/** Packs what is built. `prepack` would build anew, and pull the rug from under the tests beside this one. */
async function pack(folder: string): Promise<{ file: string; paths: readonly string[] }> {
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder];
  const [packed] = JSON.parse((await run('npm', args, { cwd: root })).stdout) as {
    filename: string;
    files: { path: string }[];
  }[];
  if (packed === undefined) throw new Error('nothing is packed');
  return { file: join(folder, packed.filename), paths: packed.files.map(({ path }) => path).sort() };
}

/** Installs the package in an empty folder, as its users do, with its dependencies from the registry or npm's cache. */
async function install(folder: string): Promise<string> {
  const { file } = await pack(folder);
  // Without a package.json of its own, npm would look for one above.
  writeFileSync(join(folder, 'package.json'), '{}');
  await run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', file], { cwd: folder });
  return join(folder, 'node_modules', '.bin', 'cdnetworks-gateway');
}

t.test('the package holds what runs and what its users read, and nothing else', async (t) => {
  const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' });
  const built = sources
    .filter((path) => /\.(ts|lua)$/.test(path) && path !== 'config/write-schema.ts')
    .map((path) => `dist/${path.replace(/\.ts$/, '.js')}`);
  const deploy = readdirSync(join(root, 'deploy'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .filter((path) => !/^deploy\/(compose(\/|\.yaml$)|grafana\/(src\/|tsconfig\.json$))/.test(path));
  const { paths } = await pack(t.testdir({}));
  t.strictSame(
    paths,
    [
      ...[...built, ...deploy, 'CHANGELOG.md', 'LICENSE', 'README.md', 'SECURITY.md', 'package.json'],
      ...['example.yaml', 'first.yaml', 'schema.json', 'yaml'].map((name) => `config/gateway.${name}`),
      ...['config/interfaces.json', 'src/quota/README.md'],
    ].sort(),
  );
});

t.test('every link of a packed page leads to what is packed', async (t) => {
  const { paths } = await pack(t.testdir({}));
  for (const page of paths.filter((path) => path.endsWith('.md'))) {
    for (const [, target = ''] of readFileSync(join(root, page), 'utf8').matchAll(/\]\(([^)\s#]+)[^)\s]*\)/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      const path = join(dirname(page), target);
      t.ok(
        paths.some((packed) => packed === path || packed.startsWith(`${path}/`)),
        `${page}: ${target}`,
      );
    }
  }
});

t.test('what is packed installs in an empty folder, and runs there', async (t) => {
  const folder = t.testdir({});
  const bin = await install(folder);
  t.match(readFileSync(bin, 'utf8'), /^#!\/usr\/bin\/env node\n/);
  const command = async (...args: string[]) => (await run(process.execPath, [bin, ...args], { cwd: folder })).stdout;
  t.match(await command('--help'), /^Usage: cdnetworks-gateway COMMAND/);
  t.equal(await command('version'), `${manifest.version}\n`);
  t.match(await command('interfaces', 'GET', '/api/domain'), /^GET \/api\/domain /);
  t.match(await command('init'), /^gateway\.yaml is written/);
  const answer = await fetch(`${await demo(t, bin)}/api/domain`);
  await answer.arrayBuffer();
  t.equal(answer.status, 200, 'the demo carries a call');
});

/** Starts the demo and gives its address. */
async function demo(t: Test, bin: string): Promise<string> {
  const child = spawn(process.execPath, [bin, 'demo', '--port', '0', '--admin-port', '0']);
  t.teardown(() => kill(child));
  for await (const line of createInterface({ input: child.stdout })) {
    const url = /^ +gateway +(http:\S+)$/.exec(line)?.[1];
    if (url !== undefined) return url;
  }
  throw new Error('the demo ended');
}
