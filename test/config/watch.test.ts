// Files as they change on disk: by editors, by scripts, by Kubernetes.
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { Config } from '../../src/config/config.ts';
import { ConfigError } from '../../src/config/mistakes.ts';
import { WatchedConfig } from '../../src/config/watch.ts';
import { ANYBODY } from './bad-file.ts';

const YAML = `accounts:
  main:
    credential: { type: api-key, username: u, apiKey: { file: secrets/key } }
${ANYBODY}`;

function start(t: Test) {
  const folder = t.testdir({ 'gateway.yaml': YAML, secrets: { key: 'first' } });
  const file = join(folder, 'gateway.yaml');
  return { folder, file, key: join(folder, 'secrets/key'), watched: new WatchedConfig({ file, env: {} }) };
}

function keyOf({ accounts }: Config): string | undefined {
  const credential = accounts.get('main')?.credential;
  return credential?.type === 'api-key' ? credential.apiKey.reveal() : undefined;
}

/** Looks until there is something to load or `times` are over. */
async function looks(watched: WatchedConfig, times: number): Promise<boolean[]> {
  const found: boolean[] = [];
  for (let n = 0; n < times; n++) found.push(await watched.look());
  return found;
}

t.test('as long as nothing changes there is nothing to load', async (t) => {
  const { watched, key } = start(t);
  t.equal(keyOf(watched.load()), 'first');
  t.strictSame(await looks(watched, 4), [false, false, false, false]);
  statSync(key);
  t.strictSame(await looks(watched, 2), [false, false]);
});

t.test('an edit in place is seen once it has stayed for two looks', async (t) => {
  const { watched, key, file } = start(t);
  watched.load();
  await looks(watched, 2);
  writeFileSync(key, 'second');
  t.strictSame(await looks(watched, 2), [false, true]);
  t.equal(keyOf(watched.load()), 'second');
  t.strictSame(await looks(watched, 2), [false, false]);
  appendFileSync(file, '# more\n');
  t.strictSame(await looks(watched, 2), [false, true]);
});

t.test('a file that is still being written is not loaded before it is whole', async (t) => {
  const { watched, file } = start(t);
  watched.load();
  await looks(watched, 2);
  // Half of it, as it happens, would be a configuration without fault.
  const whole = `${YAML}consumers:\n  bot: { token: { sha256: ${'a'.repeat(64)} }, accounts: [main], allow: ["*"] }\n`;
  writeFileSync(file, whole.slice(0, YAML.length));
  t.notOk(await watched.look());
  for (const piece of whole.slice(YAML.length).match(/[\s\S]{1,20}/g) ?? []) {
    appendFileSync(file, piece);
    t.notOk(await watched.look());
  }
  t.ok(await watched.look());
  t.match(watched.load().consumers, [{ name: 'bot' }]);
});

t.test('a file that another is renamed over is seen, also if size and time are the same', async (t) => {
  const { watched, key } = start(t);
  watched.load();
  await looks(watched, 2);
  const { atime, mtime } = statSync(key);
  writeFileSync(`${key}.new`, 'FIRST');
  utimesSync(`${key}.new`, atime, mtime);
  renameSync(`${key}.new`, key);
  t.strictSame(await looks(watched, 2), [false, true]);
  t.equal(keyOf(watched.load()), 'FIRST');
});

t.test('an edit that sets the time back, and new permissions, are seen', async (t) => {
  const { watched, key } = start(t);
  watched.load();
  await looks(watched, 2);
  const { atime, mtime } = statSync(key);
  writeFileSync(key, 'FIRST');
  utimesSync(key, atime, mtime);
  t.strictSame(await looks(watched, 2), [false, true]);
  watched.load();
  chmodSync(key, 0o600);
  t.strictSame(await looks(watched, 2), [false, true]);
});

t.test('the swap of a symbolic link, as Kubernetes mounts secrets, changes all files at once', async (t) => {
  const folder = t.testdir();
  const publish = (version: string) => {
    mkdirSync(join(folder, `..${version}`));
    writeFileSync(join(folder, `..${version}`, 'gateway.yaml'), YAML.replace('secrets/key', 'key'));
    writeFileSync(join(folder, `..${version}`, 'key'), version);
    symlinkSync(`..${version}`, join(folder, '..data_tmp'));
    renameSync(join(folder, '..data_tmp'), join(folder, '..data'));
  };
  publish('one');
  for (const name of ['gateway.yaml', 'key']) symlinkSync(`..data/${name}`, join(folder, name));
  const watched = new WatchedConfig({ file: join(folder, 'gateway.yaml'), env: {} });
  t.equal(keyOf(watched.load()), 'one');
  await looks(watched, 2);
  publish('two');
  rmSync(join(folder, '..one'), { recursive: true });
  t.strictSame(await looks(watched, 2), [false, true]);
  t.equal(keyOf(watched.load()), 'two');
  t.strictSame(await looks(watched, 2), [false, false]);
});

t.test('after a mistake the files that it was made of are looked at, and nothing is tried twice', async (t) => {
  const { watched, key, file, folder } = start(t);
  watched.load();
  await looks(watched, 2);
  writeFileSync(file, YAML.replace('secrets/key', 'secrets/other'));
  t.strictSame(await looks(watched, 2), [false, true]);
  t.throws(() => watched.load(), ConfigError);
  t.strictSame(await looks(watched, 3), [false, false, false]);
  writeFileSync(key, 'of no interest any more');
  t.strictSame(await looks(watched, 2), [false, false]);
  writeFileSync(join(folder, 'secrets/other'), 'second');
  t.strictSame(await looks(watched, 2), [false, true]);
  t.equal(keyOf(watched.load()), 'second');
});

t.test('a file that is gone for a while is one mistake, and loads when it is back', async (t) => {
  const { watched, key } = start(t);
  watched.load();
  await looks(watched, 2);
  rmSync(key);
  t.strictSame(await looks(watched, 2), [false, true]);
  t.throws(() => watched.load(), /secrets\/key\\?" does not exist/);
  writeFileSync(key, 'back');
  t.strictSame(await looks(watched, 2), [false, true]);
  t.equal(keyOf(watched.load()), 'back');
});

t.test('a file that changes while the others are read is read again with them', async (t) => {
  const { file } = start(t);
  let writes = 0;
  // A variable that is read between the two files is where the other hand comes in.
  const env = {
    get NAME() {
      writes += 1;
      if (writes === 1) writeFileSync(file, YAML);
      return 'never used';
    },
  };
  writeFileSync(file, YAML.replace('username: u, apiKey: { file: secrets/key }', 'username: u, apiKey: { env: NAME }'));
  t.equal(keyOf(new WatchedConfig({ file, env }).load()), 'first', 'of the file that is there now');
});

t.test('files that never stay the same are a mistake, and are tried again once they do', async (t) => {
  const { file } = start(t);
  const yaml = YAML.replace('username: u, apiKey: { file: secrets/key }', 'username: u, apiKey: { env: NAME }');
  let restless = true;
  const env = {
    get NAME() {
      if (restless) appendFileSync(file, '#');
      return 'name';
    },
  };
  writeFileSync(file, yaml);
  const watched = new WatchedConfig({ file, env });
  t.throws(() => watched.load(), /1:1 +the files changed while they were read/);
  restless = false;
  t.strictSame(await looks(watched, 2), [false, true]);
  t.equal(keyOf(watched.load()), 'name');
});
