// Secrets that nobody may ever see, and the command line: every command, of a good configuration and of bad ones, and crashes.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import t from 'tap';
import { command, ENV, leaksIn, run, TOKEN, writeCanaries } from '../support/canaries.ts';
import { MAIN } from '../support/serve-process.ts';

const REDIS = '{ type: redis, url: "redis://127.0.0.1:1", password: { file: redis } }';

const COMMANDS = [
  ['check'],
  ['sign', '--account', 'main', 'POST', '/a', '--body', '{}', '--explain'],
  ['sign', '--account', 'reports', 'GET', '/a', '--explain', '--curl'],
  ['sign', '--account', 'nobody', 'GET', '/a'],
  ['interfaces', 'GET', '/a'],
  ['quota', '--account', 'main'],
  ['check', '--online'],
  ['check', '--call'],
  ['serve'],
];

t.test('no command prints a secret, of a good file and of a bad one', async (t) => {
  const { file, yaml, write } = writeCanaries(t, { origin: 'http://127.0.0.1:1', store: REDIS });
  const runAll = (commands: readonly string[][]) =>
    Promise.all(commands.map(([name = '', ...args]) => command([name, '-c', file, ...args])));
  // Signatures are what `sign` is for.
  const unsigned = (output: string) => output.replace(/Signature=\w+|Basic \S+/g, '');
  // All but `serve`, which would run.
  const good = await runAll(COMMANDS.slice(0, -1));
  t.match(good[0], /is fine\n[\s\S]*next access-key[\s\S]*terraform \(access key\)[\s\S]*redis[\s\S]*audit\.log/);
  t.match(good[1], /string to sign:[\s\S]*Signature=\w{64}/);
  t.match(good[2], /string to sign \(HMAC-SHA1[\s\S]*Basic /);
  t.match(good[6], /redis/);
  good.push(await command(['healthcheck', '-c', file]));
  t.strictSame(leaksIn(unsigned(good.join('\n'))), []);

  const mistakes = [
    ['{ file: next }', 'canary-in-the-file'],
    ['{ file: key }', 'canary-in-the-file'],
    ['{ file: virtual }', 'canary-in-the-file'],
    ['{ file: virtual-api }', 'canary-in-the-file'],
    ['{ file: redis }', 'canary-in-the-file'],
    ['"redis://127.0.0.1:1"', '"redis://:canary-in-the-file@h:1"'],
    [/(?<=sha256: )\w+/, 'canary-in-the-file'],
  ] as const;
  write(mistakes.reduce((text, [reference, mistake]) => text.replace(reference, mistake), yaml));
  const bad = await runAll(COMMANDS);
  for (const output of bad) t.match(output, /is not usable \(7 mistakes\)/);
  t.strictSame(leaksIn(bad.join('\n')), []);
});

t.test('a secret that is given where none is expected is not repeated', async (t) => {
  t.match(await command(['token', '--hash'], `${TOKEN}\n`), /^[0-9a-f]{64}\n$/);
  const outputs = await Promise.all([
    command(['token', '--hash'], `${TOKEN} with a space\n`),
    command(['token', '--hash', TOKEN]),
    command(['token', TOKEN]),
    command(['sandbox', `id:${TOKEN}`]),
    command(['sandbox', '--access-key', TOKEN]),
    command(['sandbox', '--quota', '0', '--access-key', `id:${TOKEN}`]),
    command(['check', TOKEN]),
  ]);
  for (const output of outputs) t.match(output, /Usage: /);
  t.strictSame(leaksIn(outputs.join('\n')), []);
});

t.test('what runs until it is stopped, and what only prints, tells nothing', async (t) => {
  const words = [
    'serve',
    'demo',
    'check',
    'sign',
    'interfaces',
    'quota',
    'sandbox',
    'token',
    'version',
    'init',
    'healthcheck',
  ];
  const outputs = await Promise.all([
    command(['--help']),
    command(['version']),
    command(['nothing-of-the-kind']),
    ...words.map((word) => command([word, '--help'])),
  ]);
  for (const args of [
    ['sandbox', '--port', '0', '--control-port', '0', '--access-key', `id:${ENV.SK}`, '--api-key', `reporter:${TOKEN}`],
    ['demo', '--port', '0', '--admin-port', '0'],
  ]) {
    const child = spawn(process.execPath, [MAIN, ...args], { env: ENV });
    t.teardown(() => child.kill('SIGKILL'));
    child.stdout.once('data', () => child.kill('SIGTERM'));
    outputs.push(await text(child.stdout), await text(child.stderr));
  }
  t.ok(
    outputs.every((output, index) => output !== '' || index > words.length),
    'all of them say something',
  );
  t.strictSame(leaksIn(outputs.join('\n')), []);
});

t.test('a crash that takes the configuration with it shows no secret', async (t) => {
  const { file } = writeCanaries(t, { origin: 'http://127.0.0.1:1' });
  const load = pathToFileURL(join(MAIN, '../config/load.js')).href;
  for (const crash of [
    'throw Object.assign(new Error("crash"), { config });',
    'throw new Error("crash", { cause: config });',
    'throw { crash: config };',
    'throw config.accounts;',
    'Promise.reject(config);',
    'process.emitWarning(Object.assign(new Error("crash"), { config }));',
    'console.error(config, [...config.accounts.values()]);',
  ]) {
    const source = `import { loadConfig } from ${JSON.stringify(load)};
const config = loadConfig({ file: ${JSON.stringify(file)}, env: process.env });
${crash}`;
    const output = await run(['--trace-uncaught', '--trace-warnings', '--input-type=module', '-e', source]);
    t.ok(output.length > 20, crash);
    t.strictSame(leaksIn(output), [], crash);
  }
});
