// Runs what the README shows as a reader would: its first screen, the commands for a real account, each configuration, and the
// examples in its table of commands.
import { execFile, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import t from 'tap';
import { createAuthority } from '../support/certificates.ts';
import { runCommand } from '../support/command.ts';
import { MAIN, serveProcess } from '../support/serve-process.ts';
import { shortFolder } from '../support/short-folder.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const readme = readFileSync(`${root}README.md`, 'utf8');
const blocks = (language: string) =>
  [...readme.matchAll(new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``, 'g'))].map(([, text]) => text ?? '');
const block = (language: string, index: number) => blocks(language)[index] ?? '';
const env = { CDN_ACCESS_KEY: 'an-access-key', CDN_SECRET_KEY: 'its-secret-key', REDIS_URL: 'redis://127.0.0.1' };

t.test('the README starts with the two commands that CI runs too', async (t) => {
  t.equal(block('sh', 0), 'npm ci && npm run demo\n');
  t.equal(block('sh', 1), 'npm ci && npm test\n');
  t.match(readFileSync(`${root}.ci/run`, 'utf8'), /npm ci[\s\S]*npm test/);
  const { scripts } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as { scripts: Record<string, string> };
  // The next test runs the second half: another build would pull the rug from under the tests beside it.
  t.equal(scripts['demo'], 'npm run --silent build && node dist/main.js demo');
});

t.test('the first screen shows what the demo does', async (t) => {
  // Free ports in place of the README's, so that the test can run beside a real demo; the build is done by then.
  const started = performance.now();
  const demo = spawn(process.execPath, ['dist/main.js', 'demo', '--port', '0', '--admin-port', '0'], { cwd: root });
  t.teardown(() => demo.kill('SIGKILL'));
  let output = '';
  demo.stdout.setEncoding('utf8');
  const url = await new Promise<string>((resolve) => {
    demo.stdout.on('data', (chunk: string) => {
      output += chunk;
      const found = /gateway +(http:\/\/127\.0\.0\.1:(\d+))/.exec(output);
      if (found?.[1] !== undefined) resolve(found[1]);
    });
  });
  const [first = '', loop = ''] = block('console', 0)
    .split('\n')
    .filter((line) => line.startsWith('$ '))
    .map((line) => line.slice(2).replaceAll('127.0.0.1:8080', url.slice('http://'.length)));
  const shell = async (command: string) => (await promisify(execFile)('bash', ['-c', command])).stdout;

  const answer = await shell(first);
  t.comment(`start to first answer: ${Math.round(performance.now() - started)} ms`);
  const shown = block('console', 0).split('\n\n')[0]?.split('\n').slice(1) ?? [];
  for (const line of shown) {
    const [name = ''] = line.split(':');
    if (name === 'x-cnc-request-id') t.match(answer, /^x-cnc-request-id: [0-9a-f]{32}\r$/m);
    else t.ok(answer.includes(line), line);
  }

  const statuses = (await shell(loop)).trim();
  t.ok(block('console', 0).includes(`${statuses}\n`), statuses);
  const report = JSON.parse(await shell(`curl -s ${/sandbox +(\S+)/.exec(output)?.[1]}`)) as { arrivals: number };
  t.equal(report.arrivals, 30, 'the sandbox has seen 30');

  demo.kill('SIGTERM');
  const [code] = await new Promise<[number | null]>((resolve) => demo.once('exit', (exitCode) => resolve([exitCode])));
  t.equal(code, 0, 'SIGTERM ends it with 0');
});

t.test('the commands for a real account work one after the other in an empty folder', async (t) => {
  const [build, ...commands] = block('sh', 2)
    .trim()
    .split('\n')
    .map((line) => line.replace(/ +#.*$/, ''));
  t.equal(build, 'npm run build', 'which is done by then');
  t.strictSame(
    commands.map((line) => line.replace('node dist/main.js ', '')),
    ['init', 'check', 'serve'],
  );
  const cwd = t.testdir({});
  for (const command of ['init', 'check']) {
    const { code, stderr } = await runCommand([command], { cwd, env });
    t.equal(code, 0, stderr);
  }
  const file = join(cwd, 'gateway.yaml');
  // Free ports, so that it can run beside a real gateway.
  writeFileSync(file, readFileSync(file, 'utf8').replace(/port: (8080|9090)/g, 'port: 0'));
  const gateway = await serveProcess(t, { file, env });
  t.equal((await fetch(`${gateway.admin}/readyz`)).status, 200);
  gateway.signal('SIGTERM');
  t.strictSame(await gateway.ended, [0, null]);
});

t.test('every configuration that it shows passes check', async (t) => {
  const { cert, issue } = createAuthority(t.testdir({}));
  const listener = issue({ name: 'gateway' });
  const files = {
    'tls.crt': listener.cert,
    'tls.key': listener.key,
    'ca.crt': cert,
    'cdn-secret-key': 'its-secret-key',
  };
  const rest = {
    accounts: 'accounts: { main: { credential: { type: api-key, username: u, apiKey: { env: CDN_SECRET_KEY } } } }\n',
    consumers: `consumers: { purge-bot: { token: { sha256: ${'a'.repeat(64)} }, accounts: [main], allow: ["*"] } }\n`,
  };
  const shown = blocks('yaml');
  t.ok(shown.length >= 4);
  for (const yaml of shown) {
    const missing = Object.entries(rest).filter(([key]) => !new RegExp(`^${key}:`, 'm').test(yaml));
    const folder = shortFolder(t, files);
    const text = yaml.replaceAll('/run/secrets', folder).replaceAll('/run/cdnetworks-gateway', folder);
    writeFileSync(join(folder, 'gateway.yaml'), `${text}${missing.map(([, line]) => line).join('')}`);
    const { code, stderr } = await runCommand(['check'], { cwd: folder, env });
    t.equal(code, 0, `${yaml}\n${stderr}`);
  }
});

t.test('its table names every command, and each example in it works', async (t) => {
  const table = /^\| Command .*\n(\|.*\n)+/m.exec(readme)?.[0] ?? '';
  const rows = [...table.matchAll(/^\| `([^`]+)`/gm)].map(([, command]) => command ?? '');
  const overview = (await runCommand([])).stdout;
  const commands = [...overview.matchAll(/^ {2}([a-z]+) +\S/gm)].map(([, name]) => name);
  t.strictSame(rows.map((row) => row.split(' ')[0]).sort(), commands.sort());
  const cwd = t.testdir({});
  await runCommand(['init'], { cwd });
  // The others run on, or ask something that runs; they have tests of their own.
  for (const row of rows.filter((line) => /^(sign|interfaces|token|version)\b/.test(line))) {
    const done = await promisify(execFile)('bash', ['-c', `"${process.execPath}" "${MAIN}" ${row}`], { cwd, env });
    t.ok(done.stdout.length > 0, row);
  }
});
