// Secrets that nobody may ever see, in a gateway as an operator runs it: every command, port, error and log level.
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import t, { type Test } from 'tap';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import { send, sendRaw } from '../sandbox/client-answer.ts';
import { MAIN, serveProcess } from '../support/serve-process.ts';

const CANARY = /canary-\w+/;
const ENV = {
  AK: 'the-access-key',
  SK: 'canary-of-the-environment',
  REDIS: 'redis://:canary-of-redis@127.0.0.1:1',
  PATH: process.env['PATH'] ?? '',
};

function files(t: Test, origin: string) {
  const yaml = `listen: [{ port: 0 }]
admin: { port: 0 }
accounts:
  main:
    origin: ${origin}
    credential: { type: access-key, accessKey: { env: AK }, secretKey: { env: SK } }
    nextCredential: { type: access-key, accessKey: { env: AK }, secretKey: { file: next } }
  reports:
    origin: ${origin}
    credential: { type: api-key, username: reporter, apiKey: { file: key } }
    nextCredential: { type: api-key, username: reporter, apiKey: { file: next } }
anonymous: { account: main }
consumers:
  bot: { token: { sha256: ${'a'.repeat(64)} }, accounts: [reports], allow: ["*"] }
log: { level: trace }
audit: { file: audit.log }
`;
  const folder = t.testdir({ 'gateway.yaml': yaml, key: 'canary-of-a-file\n', next: 'canary-of-the-next-key\n' });
  return { folder, file: join(folder, 'gateway.yaml'), yaml };
}

function run(args: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    execFile(process.execPath, args, { env: ENV }, (_error, stdout, stderr) => resolve(stdout + stderr));
  });
}

t.test('a gateway that logs everything tells none of its secrets', async (t) => {
  const sandbox = await startSandbox({
    accessKeys: { 'the-access-key': 'canary-of-the-next-key' },
    apiKeys: { reporter: 'canary-of-a-file' },
  });
  t.teardown(sandbox.close);
  const { file, yaml, folder } = files(t, sandbox.origin);
  const gateway = await serveProcess(t, { file, env: ENV });
  const told: string[] = [];
  const call = async (target: string, options: Partial<Parameters<typeof send>[1]> = {}) => {
    const answer = await send(gateway.url, { target, ...options }).catch(String);
    told.push(typeof answer === 'string' ? answer : JSON.stringify(answer.headers) + answer.bytes.toString('latin1'));
  };
  await call('/api/domain');
  await call('/ccm/purge/ItemIdReceiver', { method: 'POST', body: '{}' });
  await call('/a/../b');
  await call('/a', { headers: { authorization: 'Bearer wrong' } });
  await call('/a', { headers: { 'x-gateway-account': 'nobody' } });
  for (const fault of ['reset', 'truncate', 'reset-mid-body'] as const) {
    sandbox.behave({ times: 1, fault });
    await call(`/api/${fault}`);
  }
  for (const status of [401, 446, 462, 500]) {
    sandbox.behave({ times: 2, status });
    await call(`/api/status/${status}`);
  }
  told.push((await sendRaw(gateway.url, 'NONSENSE\r\n\r\n')).text);
  for (const path of [
    '/metrics',
    '/readyz',
    '/livez',
    '/quota?account=main',
    '/quota?account=x',
    '/nothing',
    '/',
    '/status',
    '/requests',
  ]) {
    told.push(await (await fetch(gateway.admin + path)).text());
  }
  told.push(await run([MAIN, 'quota', '--account', 'main', '--admin', gateway.admin]));

  writeFileSync(join(folder, 'next'), 'canary-of-another-next-key\n');
  gateway.signal('SIGHUP');
  await gateway.until(/configuration applied/);
  for (const mistake of [
    'store: { type: redis, url: { env: REDIS } }',
    'x: canary-in-the-file',
    'x: [canary-in-the-file',
  ]) {
    writeFileSync(file, `${yaml}${mistake}\n`);
    const count = gateway.log.filter(({ msg }) => /refused, /.test(String(msg))).length;
    gateway.signal('SIGHUP');
    await gateway.until(/refused, /, count + 1);
  }
  gateway.signal('SIGTERM');
  t.strictSame(await gateway.ended, [0, null]);
  told.push(gateway.text(), readFileSync(join(folder, 'audit.log'), 'utf8'));
  const text = told.join('\n');
  t.ok(text.length > 10_000);
  t.notMatch(text, CANARY);
  t.notMatch(text, /Signature=|Basic [A-Za-z0-9]/);
});

t.test('no command prints a secret, of a good file and of a bad one', async (t) => {
  const { file, yaml } = files(t, 'http://127.0.0.1:1');
  const commands = [
    ['check', '-c', file],
    ['sign', '-c', file, '--account', 'main', 'POST', '/a', '--body', '{}', '--explain'],
    ['sign', '-c', file, '--account', 'reports', 'GET', '/a', '--explain', '--curl'],
    ['sign', '-c', file, '--account', 'nobody', 'GET', '/a'],
    ['interfaces', '-c', file, 'GET', '/a'],
  ];
  const outputs = await Promise.all(commands.map((command) => run([MAIN, ...command])));
  t.match(
    outputs[0],
    /is fine\n[\s\S]*main \(http:\/\/127\.0\.0\.1:1, access-key, next access-key\)[\s\S]*audit +\S+audit\.log, calls are refused/,
  );
  writeFileSync(
    file,
    yaml.replace('{ file: next }', 'canary-in-the-file').replace('{ file: key }', '{ file: nowhere }'),
  );
  outputs.push(...(await Promise.all(commands.map((command) => run([MAIN, ...command])))));
  t.match(outputs.at(-1), /nextCredential\.secretKey +.*literal secret|Usage/);
  t.notMatch(outputs.join('\n'), CANARY);
});

t.test('a crash that takes the configuration with it shows no secret', async (t) => {
  const { file } = files(t, 'http://127.0.0.1:1');
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
    t.notMatch(output, CANARY);
  }
});
