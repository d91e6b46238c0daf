import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { loadConfig } from '../../src/config/load.ts';

const FOLDER = fileURLToPath(new URL('../../deploy/systemd/', import.meta.url));
const NAME = 'cdnetworks-gateway.service';
const unit = readFileSync(join(FOLDER, NAME), 'utf8');
const setting = (name: string) =>
  [...unit.matchAll(new RegExp(`^${name}=(.*)$`, 'gm'))].map(([, value]) => value ?? '');
const reason = whyNoSystemd();

t.test('systemd reads the unit without a complaint', { skip: reason ?? false }, async (t) => {
  // The one of this machine in place of Debian's, whose path systemd would look at.
  const here = join(t.testdir(), NAME);
  writeFileSync(here, unit.replaceAll('/usr/bin/node', process.execPath));
  const { status, stdout, stderr } = spawnSync('systemd-analyze', ['verify', here], { encoding: 'utf8' });
  t.equal(`${stdout}${stderr}`, '');
  t.equal(status, 0);
});

t.test('systemd reckons the unit as hardly exposed', { skip: reason ?? false }, async (t) => {
  const args = ['security', '--offline=true', '--threshold=20', join(FOLDER, NAME)];
  const { status, stdout } = spawnSync('systemd-analyze', args, { encoding: 'utf8' });
  const level = Number(/exposure level for \S+ (\d+\.\d+)/.exec(stdout)?.[1]);
  t.comment(`exposure ${level} of 10`);
  t.ok(level < 2, stdout);
  t.equal(status, 0);
});

t.test('the unit and its configuration agree on where secrets, journal and audit log are', async (t) => {
  const folder = t.testdir({ credentials: {}, state: {} });
  for (const loaded of setting('LoadCredential')) {
    const [name = '', from = ''] = loaded.split(':');
    t.equal(from, `/etc/cdnetworks-gateway/secrets/${name}`);
    writeFileSync(join(folder, 'credentials', name), `${name}-of-the-account\n`);
  }
  // Where systemd puts them for a service of that name; what the configuration has elsewhere is then missing.
  const places = { [`/run/credentials/${NAME}`]: 'credentials', [`/var/lib/${setting('StateDirectory')[0]}`]: 'state' };
  let yaml = readFileSync(join(FOLDER, 'gateway.yaml'), 'utf8');
  for (const [place, here] of Object.entries(places)) yaml = yaml.replaceAll(place, join(folder, here));
  writeFileSync(join(folder, 'gateway.yaml'), yaml);
  const config = loadConfig({ file: join(folder, 'gateway.yaml'), env: {} });

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

t.test('the socket that the configuration suggests is in the folder that the unit makes', async (t) => {
  const [, socket = ''] = /# - \{ unixSocket: (\S+),/.exec(readFileSync(join(FOLDER, 'gateway.yaml'), 'utf8')) ?? [];
  t.equal(socket, `/run/${setting('RuntimeDirectory')[0]}/gateway.sock`);
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
