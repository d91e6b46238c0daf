// Runs the README's first screen as a reader would: `npm run demo`, then the two commands of its console block.
import { execFile, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import t from 'tap';

const root = fileURLToPath(new URL('../../', import.meta.url));
const readme = readFileSync(`${root}README.md`, 'utf8');
const block = (language: string, index: number) =>
  [...readme.matchAll(new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``, 'g'))][index]?.[1] ?? '';

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
