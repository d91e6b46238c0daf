// What a release promises beside the code: where it is tested, with what, and what is told of it.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { parse } from 'yaml';

const root = fileURLToPath(new URL('../../', import.meta.url));
const read = (file: string) => readFileSync(root + file, 'utf8');
const manifest = JSON.parse(read('package.json')) as { version: string; license: string; engines: { node: string } };

interface Workflow {
  permissions: Record<string, string>;
  jobs: Record<string, { steps: readonly { uses?: string; run?: string; with?: Record<string, unknown> }[] }>;
}

const workflow = parse(read('.github/workflows/ci.yml')) as Workflow;
const steps = Object.values(workflow.jobs).flatMap((job) => job.steps);

t.test('every action is pinned by its commit, and the workflow may only read', async (t) => {
  t.strictSame(readdirSync(`${root}.github/workflows`), ['ci.yml']);
  const actions = steps.flatMap(({ uses }) => uses ?? []);
  t.ok(actions.length > 0);
  for (const action of actions) t.match(action, /^[\w.-]+\/[\w.-]+@[0-9a-f]{40}$/);
  t.strictSame(workflow.permissions, { contents: 'read' });
});

t.test('the workflow runs what anybody can run, on every Node that the README names', async (t) => {
  t.ok(steps.some(({ run }) => run === '.ci/run'));
  const ci = read('.ci/run');
  const oldest = steps.flatMap((step) => step.with?.['node-version'] ?? []);
  const newer = /^for line in (.*); do$/m.exec(ci)?.[1]?.split(' ') ?? [];
  const lines = [...oldest.map(String), ...newer];
  t.match(read('README.md'), `Runs on Node ${lines.slice(0, -1).join(', ')} and ${lines.at(-1)}`);
  t.match(manifest.engines.node, new RegExp(`^>=${lines[0]}\\b`));
  for (const step of ['npm run lint', 'npm run types', 'npm run arrows', 'npm run unused', 'npm sbom']) {
    t.match(ci, new RegExp(`^${step}`, 'm'));
  }
  for (const step of ['npm test', 'npm run test:long', 'npm run test:image'])
    t.match(ci, new RegExp(`^run ${step}$`, 'm'));
});

t.test('the change log tells of the version, and the licence is the one that is named', async (t) => {
  t.match(manifest.version, /^\d+\.\d+\.\d+$/);
  const changes = read('CHANGELOG.md');
  const dated = new RegExp(`^## \\[${manifest.version}\\] - \\d{4}-\\d\\d-\\d\\d$`, 'm');
  t.ok(dated.test(changes) || /^## \[Unreleased\]$/m.test(changes));
  t.match(changes, manifest.version);
  t.equal(manifest.license, 'Apache-2.0');
  t.match(read('LICENSE'), /Apache License\s+Version 2\.0/);
});

t.test('the change log names every command', async (t) => {
  const [, named = ''] = /^- The commands ([\s\S]*?)\.\n/m.exec(read('CHANGELOG.md')) ?? [];
  const [table = ''] = /^\| Command .*\n(\|.*\n)+/m.exec(read('README.md')) ?? [];
  const commands = [...table.matchAll(/^\| `([a-z]+)/gm)].map(([, command]) => command);
  t.ok(commands.length > 8);
  for (const command of commands) t.match(named, `\`${command}\``);
});
