// The command line as a process: what it prints, and how it ends.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { loadCatalogue } from '../../src/catalog/api-interface.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const ENV = {
  CDN_ACCESS_KEY: 'the-access-key',
  CDN_SECRET_KEY: 'the-secret-of-the-key',
  PATH: process.env['PATH'] ?? '',
};

function run(args: string[], options: { env?: NodeJS.ProcessEnv; input?: string; cwd?: string } = {}) {
  const { env = ENV, input = '', cwd = root } = options;
  return new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
    const child = execFile(
      process.execPath,
      [join(root, 'dist/main.js'), ...args],
      { env, cwd },
      (_error, stdout, stderr) => resolve({ code: child.exitCode ?? -1, stdout, stderr }),
    );
    child.stdin?.end(input);
  });
}

t.jobs = 4; // They mostly wait, each for itself.

t.test('every command tells its usage, and wrong usage ends with 2', async (t) => {
  const overview = await run([]);
  t.equal(overview.code, 0);
  for (const command of [
    'serve',
    'demo',
    'init',
    'check',
    'healthcheck',
    'sign',
    'interfaces',
    'quota',
    'sandbox',
    'token',
    'version',
  ]) {
    t.match(overview.stdout, new RegExp(`^  ${command} `, 'm'));
    const help = await run([command, '--help']);
    t.equal(help.code, 0);
    t.match(help.stdout, new RegExp(`^Usage: cdnetworks-gateway ${command}`));
  }
  for (const args of [
    ['bogus'],
    ['check', '--bogus'],
    ['sign'],
    ['sign', 'GET'],
    ['demo', '--port', 'x'],
    ['sandbox', '--window', '5'],
  ]) {
    const { code, stderr, stdout } = await run(args);
    t.equal(code, 2, args.join(' '));
    t.match(stderr, /Usage: cdnetworks-gateway/);
    t.equal(stdout, '');
  }
});

t.test('version prints the version of the package', async (t) => {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  t.strictSame(await run(['version']), { code: 0, stdout: `${version}\n`, stderr: '' });
});

t.test('check says that a configuration is fine, and prints no secret', async (t) => {
  const { code, stdout, stderr } = await run(['check', '-c', 'config/gateway.yaml']);
  t.equal(code, 0);
  t.match(stdout, /config\/gateway\.yaml is fine[\s\S]*main \(https:\/\/api\.cdnetworks\.com, access-key\)/);
  t.notMatch(stdout + stderr, ENV.CDN_SECRET_KEY);
});

t.test('check says where callers connect, and what lets them', async (t) => {
  const folder = t.testdir({
    'gateway.yaml': `
listen: [{ host: '::1', port: 8443 }, { unixSocket: /tmp/gateway-check.sock, mode: "0600", consumer: bot }]
accounts: { main: { credential: { type: access-key, accessKey: { env: CDN_ACCESS_KEY }, secretKey: { env: CDN_SECRET_KEY } } } }
consumers: { bot: { token: { sha256: ${'a'.repeat(64)} }, accounts: [main], allow: ["*"] } }
`,
  });
  const { code, stdout } = await run(['check'], { cwd: folder });
  t.equal(code, 0);
  t.match(stdout, 'http://[::1]:8443, unix:/tmp/gateway-check.sock (mode 600, as bot)');
});

t.test('nothing starts on a mistake: check and serve list all of them and end with 78', async (t) => {
  const folder = t.testdir({
    'gateway.yaml':
      'accounts:\n  main:\n    credential: { type: access-key, accessKey: { env: NOPE }, secretKey: s3cret-literal }\nanonymus: {}\n',
  });
  for (const command of ['check', 'serve']) {
    const { code, stdout, stderr } = await run([command], { cwd: folder });
    t.equal(code, 78);
    t.equal(stdout, '');
    t.match(stderr, /3:\d+ +accounts\.main\.credential\.accessKey +environment variable NOPE is not set/);
    t.match(stderr, /3:\d+ +accounts\.main\.credential\.secretKey +.*literal secret/);
    t.match(stderr, /4:1 +anonymus +unknown key; did you mean "anonymous"\?/);
    t.match(stderr, /Nothing was started\.\n$/);
    t.notMatch(stderr, /s3cret-literal/);
  }
});

t.test('sign explains a signature and never prints the secret', async (t) => {
  const args = ['sign', '-c', 'config/gateway.yaml', '--account', 'main', 'POST', '/ccm/purge/ItemIdReceiver?x=1'];
  const explained = await run([...args, '--body', '{"urls":[]}', '--explain']);
  t.equal(explained.code, 0);
  t.match(
    explained.stdout,
    /canonical request:\n {2}POST\n {2}\/ccm\/purge\/ItemIdReceiver\n {2}\n {2}content-type:application\/json\n/,
  );
  t.match(explained.stdout, /string to sign:\n {2}CNC-HMAC-SHA256\n {2}\d{10}\n {2}[0-9a-f]{64}\n/);
  t.match(explained.stdout, /^x-cnc-accesskey: the-access-key$/m);
  const file = join(t.testdir(), 'body.json');
  writeFileSync(file, '{"it\'s":1}');
  const curl = await run([...args, '--body', `@${file}`, '--curl']);
  t.match(curl.stdout, /^curl -i --path-as-is -X POST \\\n/);
  t.ok(curl.stdout.includes(`--data-binary '@${file}'`));
  t.ok(curl.stdout.includes("'https://api.cdnetworks.com/ccm/purge/ItemIdReceiver?x=1'"));
  t.notMatch(explained.stdout + curl.stdout, ENV.CDN_SECRET_KEY);
  t.equal((await run(['sign', '-c', 'config/gateway.yaml', '--account', 'main', 'GET', '/a/../b'])).code, 2);
  t.equal((await run(['sign', '-c', 'config/gateway.yaml', '--account', 'nobody', 'GET', '/a'])).code, 2);
});

t.test('interfaces tells which interface a call is, or lists all', async (t) => {
  const one = await run(['interfaces', 'GET', '/api/%64omain/www.example.com']);
  t.match(one.stdout, /^GET \/api\/domain\/\* .*account 300\/300s, interface 30\/300s/);
  const unknown = await run(['interfaces', 'GET', '/api/thing/123']);
  t.match(unknown.stdout, /^GET \/api\/thing\/\* .*\nnot in the catalogue/);
  const all = await run(['interfaces']);
  t.equal(all.stdout.trim().split('\n').length, loadCatalogue().interfaces.length);
});

t.test('token prints a new token and its hash, or hashes the one on standard input', async (t) => {
  const { stdout } = await run(['token']);
  const [, token = '', sha256] = /^token: +(\S+)\nsha256: ([0-9a-f]{64})\n$/.exec(stdout) ?? [];
  t.ok(token.length >= 43);
  t.equal(sha256, createHash('sha256').update(token).digest('hex'));
  t.equal((await run(['token', '--hash'], { input: `${token}\n` })).stdout, `${sha256}\n`);
  t.equal((await run(['token', '--hash'], { input: 'short' })).code, 2);
});

t.test('token makes a key pair that a configuration takes, another each time', async (t) => {
  const pairs = await Promise.all([1, 2].map(() => run(['token', '--access-key'])));
  const [one, other] = pairs.map(({ stdout }) => /^id: +(vk-\S{12})\nsecretKey: (\S{43})\n$/.exec(stdout) ?? []);
  t.ok(one?.[1] && one[2]);
  t.not(one?.[1], other?.[1]);
  t.not(one?.[2], other?.[2]);
  t.equal((await run(['token', '--access-key', '--hash'])).code, 2);
});

t.test('check tells what each consumer is recognised by, and nothing of it', async (t) => {
  const folder = t.testdir({
    'gateway.yaml': `listen: [{ host: 0.0.0.0 }]
accounts:
  main: { credential: { type: api-key, username: u, apiKey: { env: KEY } } }
anonymous: { account: main, trustNetwork: [10.0.0.0/8] }
consumers:
  a: { accessKey: { id: vk-of-a, secretKey: { env: SECRET } }, accounts: [main], allow: ["*"] }
  b:
    token: { sha256: ${'a'.repeat(64)} }
    certificate: { commonName: b.internal }
    accounts: [main]
    allow: ["*"]
    quota: { quota: 60, window: 5m }
`,
  });
  const env = { KEY: 'key-of-the-vendor', SECRET: 'secret-of-a-consumer' };
  const { code, stdout } = await run(['check', '-c', join(folder, 'gateway.yaml')], { env });
  t.equal(code, 0);
  t.match(
    stdout,
    /^ {2}consumers +anonymous \(also from 10\.0\.0\.0\/8\), a \(access key\), b \(token or certificate, 60 in 300 s\)$/m,
  );
  t.notMatch(stdout, /of-the-vendor|of-a-consumer|vk-of-a|aaaa/);
});

t.test('an address that is taken ends with 1 and says so', async (t) => {
  const { createServer } = await import('node:net');
  const server = createServer();
  const port = await new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
  t.teardown(() => server.close());
  const { code, stderr } = await run(['demo', '--port', String(port), '--admin-port', '0']);
  t.equal(code, 1);
  t.match(stderr, /EADDRINUSE/);
});
