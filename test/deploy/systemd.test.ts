import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { loadConfig } from '../../src/config/load.ts';
import { shortFolder } from '../support/short-folder.ts';

const FOLDER = fileURLToPath(new URL('../../deploy/systemd/', import.meta.url));
const NAME = 'cdnetworks-gateway.service';
const unit = readFileSync(join(FOLDER, NAME), 'utf8');
const sidecar = readFileSync(join(FOLDER, 'sidecar/gateway.conf'), 'utf8');
const service = readFileSync(join(FOLDER, 'sidecar/service.conf'), 'utf8');
const setting = (name: string, from = unit) =>
  [...from.matchAll(new RegExp(`^${name}=(.*)$`, 'gm'))].map(([, value]) => value ?? '');
const reason = whyNoSystemd();

/** What systemd is given: the unit alone, or with what makes it the sidecar of a service. */
const SHAPES = [
  { shape: 'alone', text: unit, yaml: 'gateway.yaml' },
  { shape: 'as a sidecar', text: `${unit}\n${sidecar}`, yaml: 'sidecar/gateway.yaml' },
];

for (const { shape, text, yaml } of SHAPES) {
  t.test(`systemd reads the unit ${shape} without a complaint`, { skip: reason ?? false }, async (t) => {
    const { status, stdout, stderr } = spawnSync('systemd-analyze', ['verify', ...install(t, shape)], {
      encoding: 'utf8',
    });
    t.equal(`${stdout}${stderr}`, '');
    t.equal(status, 0);
  });

  t.test(`systemd reckons the unit ${shape} as hardly exposed`, { skip: reason ?? false }, async (t) => {
    const [installed = ''] = install(t, shape);
    const args = ['security', '--offline=true', '--threshold=20', installed];
    const { status, stdout } = spawnSync('systemd-analyze', args, { encoding: 'utf8' });
    const level = Number(/exposure level for \S+ (\d+\.\d+)/.exec(stdout)?.[1]);
    t.comment(`exposure ${level} of 10`);
    t.ok(level < 2, stdout);
    t.equal(status, 0);
  });

  t.test(`the unit ${shape} and its configuration agree on where they find and leave what`, async (t) => {
    const folder = shortFolder(t);
    const config = loadInstalled(folder, { text, yaml });

    for (const loaded of setting('LoadCredential', text)) {
      t.match(loaded, /^([a-z-]+):\/etc\/cdnetworks-gateway\/secrets\/\1$/);
    }
    t.match(config.store, { type: 'memory', journal: join(folder, 'state/gateway.journal') });
    t.equal(config.audit?.file, join(folder, 'state/audit.log'));
    t.notOk(config.anonymous, 'every user of a machine reaches its loopback');
    const { drainDelayMs, drainMs, connections } = config.limits;
    t.ok(
      Number(setting('TimeoutStopSec')[0]) * 1000 > drainDelayMs + drainMs + 5000,
      'it may finish before it is killed',
    );
    t.ok(
      Number(setting('LimitNOFILE')[0]) > 2 * connections,
      'it may have as many connections as the configuration says',
    );
  });
}

t.test('a sidecar listens on nothing but a socket that its group alone may open, and knows who that is', async (t) => {
  const folder = shortFolder(t);
  const { listen, consumers } = loadInstalled(folder, { text: `${unit}\n${sidecar}`, yaml: 'sidecar/gateway.yaml' });
  t.strictSame(listen, [{ unixSocket: join(folder, 'runtime/gateway.sock'), mode: 0o660, consumer: 'service' }]);
  t.match(consumers, [{ name: 'service' }]);
  t.equal(consumers.length, 1);
  t.strictSame(setting('RuntimeDirectoryMode', sidecar), ['0750']);
  t.strictSame(setting('SupplementaryGroups', service), setting('Group', sidecar), 'the service is in that group');
  t.strictSame([setting('After', service), setting('Wants', service)], [[NAME], [NAME]], 'it starts when it is served');
});

t.test(
  'the unit runs what the build makes, reloads with SIGHUP, and gives up where the configuration is at fault',
  async (t) => {
    const { scripts } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
    t.equal(scripts.start, 'node dist/main.js serve');
    const gateway = '/usr/bin/node /opt/cdnetworks-gateway/dist/main.js serve -c /etc/cdnetworks-gateway/gateway.yaml';
    t.strictSame(setting('ExecStart'), [gateway]);
    t.match(setting('ExecStartPost')[0], gateway.replace('serve', 'healthcheck'), 'the same program and file');
    t.strictSame(setting('ExecReload'), ["/bin/sh -c 'kill -HUP $MAINPID'"]);
    t.strictSame(setting('RestartPreventExitStatus'), ['2 78'], 'the codes that the README names');
    t.strictSame(setting('MemoryDenyWriteExecute'), [], 'V8 could not start');
  },
);

/** Puts the files where systemd takes them together, and gives the units to ask it of. */
function install(t: Test, shape: string): string[] {
  const folder = t.testdir();
  // The one of this machine in place of Debian's, whose path systemd would look at.
  writeFileSync(join(folder, NAME), unit.replaceAll('/usr/bin/node', process.execPath));
  if (shape === 'alone') return [join(folder, NAME)];
  for (const name of [NAME, 'example.service']) mkdirSync(join(folder, `${name}.d`));
  cpSync(join(FOLDER, 'sidecar/gateway.conf'), join(folder, `${NAME}.d/gateway.conf`));
  cpSync(join(FOLDER, 'sidecar/service.conf'), join(folder, 'example.service.d/cdnetworks-gateway.conf'));
  writeFileSync(join(folder, 'example.service'), `[Service]\nExecStart=${process.execPath}\n`);
  return [join(folder, NAME), join(folder, 'example.service')];
}

/** Loads a configuration as if `folder` were the machine: what it has elsewhere than systemd puts it is missing. */
function loadInstalled(folder: string, { text, yaml }: { text: string; yaml: string }) {
  for (const name of ['credentials', 'state', 'runtime']) mkdirSync(join(folder, name));
  for (const loaded of setting('LoadCredential', text)) {
    const [name = ''] = loaded.split(':');
    writeFileSync(join(folder, 'credentials', name), `${name}-of-the-account\n`);
  }
  const places = {
    [`/run/credentials/${NAME}`]: 'credentials',
    [`/var/lib/${setting('StateDirectory', text)[0]}`]: 'state',
    [`/run/${setting('RuntimeDirectory', text)[0]}`]: 'runtime',
  };
  let config = readFileSync(join(FOLDER, yaml), 'utf8');
  for (const [place, here] of Object.entries(places)) config = config.replaceAll(place, join(folder, here));
  writeFileSync(join(folder, 'gateway.yaml'), config);
  return loadConfig({ file: join(folder, 'gateway.yaml'), env: {} });
}

/** Puts systemd's tools on this machine where they are missing; gives the reason where that can't be. */
function whyNoSystemd(): string | undefined {
  if (spawnSync('systemd-analyze', ['--version']).status === 0) return undefined;
  try {
    execFileSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'systemd'], { stdio: 'pipe' });
    return undefined;
  } catch (error) {
    return `it needs systemd-analyze, which apt-get can't install here: ${String(error)}`;
  }
}
