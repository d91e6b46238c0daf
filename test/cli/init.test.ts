// `init` as somebody runs it who has nothing yet.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { runCommand } from '../support/command.ts';
import { MAIN } from '../support/serve-process.ts';

const MODULES = fileURLToPath(new URL('../../node_modules', import.meta.url));

const env = { CDN_ACCESS_KEY: 'an-access-key', CDN_SECRET_KEY: 'the-secret-of-it' };

t.test('what init writes passes check once its variables are set, and until then check names them', async (t) => {
  const cwd = t.testdir({});
  const written = await runCommand(['init'], { cwd });
  t.match(written, { code: 0, stderr: '', stdout: /^gateway\.yaml is written\. Next/ });
  t.match(written.stdout, '  cdnetworks-gateway check --online\n  cdnetworks-gateway serve\n');
  const without = await runCommand(['check'], { cwd });
  t.equal(without.code, 78);
  t.match(without.stderr, /CDN_ACCESS_KEY is not set[\s\S]*CDN_SECRET_KEY is not set/);
  const fine = await runCommand(['check'], { cwd, env });
  t.match(fine, { code: 0, stdout: /store +memory, journal .*gateway\.journal/ }, fine.stderr);
});

t.test('the lines that are commented out pass check too', async (t) => {
  const cwd = t.testdir({});
  const file = join(cwd, 'other.yaml');
  t.match(await runCommand(['init', 'other.yaml'], { cwd }), { code: 0, stdout: /serve -c other\.yaml\n/ });
  const text = readFileSync(file, 'utf8');
  const used = text.replaceAll(/^#(?! )/gm, '');
  t.equal(text.length - used.length, 2);
  writeFileSync(file, used);
  const fine = await runCommand(['check', '-c', 'other.yaml'], { cwd, env });
  t.match(fine, { code: 0, stdout: /anonymous, purge-bot \(token\)[\s\S]*audit\.log/ }, fine.stderr);
});

t.test('init leaves alone what is there, and says why it cannot write', async (t) => {
  const cwd = t.testdir({ 'gateway.yaml': 'mine' });
  t.match(await runCommand(['init'], { cwd }), { code: 1, stderr: 'init: gateway.yaml is there already' });
  t.equal(readFileSync(join(cwd, 'gateway.yaml'), 'utf8'), 'mine');
  t.match(await runCommand(['init', 'no/such.yaml'], { cwd }), { code: 1, stderr: /cannot be written \(ENOENT\)/ });
  t.match(await runCommand(['init', 'a', 'b'], { cwd }), { code: 2 });
});

t.test('init leaves no part of a file where the disk is full, so that it can be run again', async (t) => {
  const cwd = t.testdir({});
  const full = spawnSync('bash', ['-c', `ulimit -f 0; exec "${process.execPath}" "${MAIN}" init`], { cwd });
  t.match(String(full.stderr), /^init: gateway\.yaml cannot be written \(EFBIG\)/, 'as where a disk is full');
  t.notOk(existsSync(join(cwd, 'gateway.yaml')));
  t.match(await runCommand(['init'], { cwd }), { code: 0 });
});

t.test('a token in a line that is commented out opens nothing', async (t) => {
  const cwd = t.testdir({});
  await runCommand(['init'], { cwd });
  t.match(readFileSync(join(cwd, 'gateway.yaml'), 'utf8'), /^#consumers: .*sha256: "0{64}"/m);
});

t.test('init blames what it copies where that is missing, and writes nothing', async (t) => {
  const cwd = t.testdir({ 'package.json': '{ "type": "module" }', node_modules: t.fixture('symlink', MODULES) });
  cpSync(dirname(MAIN), join(cwd, 'dist'), { recursive: true });
  const { error, stderr } = spawnSync(process.execPath, ['dist/main.js', 'init'], { cwd, encoding: 'utf8' });
  t.equal(error, undefined);
  t.match(stderr, /^init: ENOENT.*config\/gateway\.first\.yaml/);
  t.notMatch(stderr, 'cannot be written');
  t.notOk(existsSync(join(cwd, 'gateway.yaml')));
});
