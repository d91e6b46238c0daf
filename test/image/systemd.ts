// Boots a Debian with systemd in namespaces of its own, and does there what deploy/systemd tells an operator: part of
// `npm run test:image`. Needs root, the registries of Debian and npm, and 1 GB of disk.
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { DEMO_SECRET_KEY } from '../../src/sandbox/demo-credentials.ts';
import { installUnit, writeConfig, writeDropIn, writeSecret } from './install-unit.ts';
import { boot, type Machine, makeMachine } from './machine.ts';
import { whyNoTools } from './tools.ts';

const GATEWAY = 'cdnetworks-gateway';
const MAIN = '/opt/cdnetworks-gateway/dist/main.js';
const SOCKET = '/run/cdnetworks-gateway/gateway.sock';
/** Whatever the unit's filter of system calls refuses ends the gateway, where it would only get an error. */
const STRICT = '[Service]\nSystemCallErrorNumber=kill\n';
const reason = whyNoTools('mmdebstrap', 'unshare', 'nsenter', 'setpriv');

t.test('under systemd', { skip: reason ?? false }, async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'systemd-'));
  t.teardown(() => rmSync(root, { recursive: true, force: true }));
  makeMachine(root, ['curl']);
  const machine = await boot(root).catch((error: Error) => error);
  if (machine instanceof Error) {
    t.pass('systemd boots', { skip: `systemd does not boot here: ${machine.message}` });
    return;
  }
  t.teardown(() => machine.end());
  installUnit(root);
  writeDropIn(root, `${GATEWAY}.service`, { settings: STRICT });
  const { systemctl, call, token, log, property } = operate(machine);
  const [secret, hash = ''] = token();
  const authorization = `Authorization: Bearer ${secret}`;
  const look = ['http://127.0.0.1:8080/api/domain', '-H', authorization];
  const configure = (change = (yaml: string) => yaml) =>
    writeConfig(root, 'gateway.yaml', (yaml) => change(yaml.replace(/0{64}/, hash)));
  configure();
  machine.run('systemd-run', '--unit=sandbox', '--property=DynamicUser=yes', 'node', MAIN, 'sandbox');
  await until(() => call('http://127.0.0.1:8082/__sandbox/report').status === '200');

  await t.test('it serves when its start is done, as a user of its own with the keys of root’s files', async (t) => {
    systemctl(t, 'daemon-reload');
    systemctl(t, 'enable', '--now', GATEWAY);
    t.equal(call('http://127.0.0.1:9090/readyz').status, '200');
    t.equal(call('http://127.0.0.1:8080/api/domain').status, '401');
    t.equal(call(...look).status, '200', 'signed with them');
    t.match(machine.run('stat', '-c', '%a %u', '/var/lib/cdnetworks-gateway/').text, /^700 [1-9]/);
    t.match(log(), /"msg":"request completed"/);
  });

  await t.test('a reload takes a new configuration and a new audit log, and a restart new keys', async (t) => {
    const purge = ['-X', 'POST', 'http://127.0.0.1:8080/ccm/purge/ItemIdReceiver', '-H', authorization];
    t.equal(call(...purge).status, '403');
    const audit = join(root, 'var/lib/private/cdnetworks-gateway/audit.log');
    renameSync(audit, `${audit}.1`);
    configure((yaml) => yaml.replace('allow: [read-only]', 'allow: ["*"]'));
    writeSecret(root, 'secret-key', 'not-that-of-the-account');
    systemctl(t, 'reload', GATEWAY);
    await until(() => existsSync(audit));
    t.equal(call(...purge).status, '200', 'allowed now, and signed with the key as it was');
    t.match(readFileSync(audit, 'utf8'), /ItemIdReceiver/);
    systemctl(t, 'restart', GATEWAY);
    t.equal(call(...look).status, '462', 'signed with the new one');
    writeSecret(root, 'secret-key', DEMO_SECRET_KEY);
    systemctl(t, 'restart', GATEWAY);
    t.equal(call(...look).status, '200');
  });

  await t.test('a restart lets calls under way finish, and is done when it serves', async (t) => {
    call('http://127.0.0.1:8082/__sandbox/behave', '-d', '{"times":1,"delayMs":2000}');
    machine.run('systemd-run', '--unit=slow', '--remain-after-exit', 'curl', '-sf', ...look);
    await until(() => /^cdnetworks_gateway_in_flight\S* 1$/m.test(call('http://127.0.0.1:9090/metrics').text));
    systemctl(t, 'restart', GATEWAY);
    t.equal(call(...look).status, '200', 'at once');
    t.strictSame([property('SubState', 'slow'), property('Result', 'slow')], ['exited', 'success']);
  });

  await t.test('killed, it is started again and remembers what was spent', async (t) => {
    const before = left(call(...look).text);
    const [first, pid] = [property('NRestarts'), property('MainPID')];
    systemctl(t, 'kill', '-s', 'KILL', GATEWAY);
    await until(() => property('NRestarts') !== first && property('ActiveState') === 'active');
    t.not(property('MainPID'), pid);
    t.equal(left(call(...look).text), before - 1);
  });

  await t.test('it stops with success', async (t) => {
    systemctl(t, 'stop', GATEWAY);
    t.strictSame([property('Result'), property('ExecMainStatus')], ['success', '0']);
  });

  await t.test('it is started again and again while its port is taken', async (t) => {
    const listen = 'net.createServer().listen(8080, "127.0.0.1")';
    machine.run('systemd-run', '--unit=other', '--service-type=exec', 'node', '-e', listen);
    t.not(machine.run('systemctl', 'start', GATEWAY).status, 0);
    await until(() => Number(property('NRestarts')) > 5);
    systemctl(t, 'stop', 'other');
    await until(() => property('ActiveState') === 'active');
    t.equal(call(...look).status, '200');
    systemctl(t, 'stop', GATEWAY);
  });

  await t.test('a configuration that can not be used fails the start once, and the journal says why', async (t) => {
    configure((yaml) => `${yaml}sotre: {}\n`);
    t.not(machine.run('systemctl', 'start', GATEWAY).status, 0);
    t.match(log(), /sotre {2}unknown key/);
    await pause(1500);
    t.strictSame([property('ActiveState'), property('ExecMainStatus')], ['failed', '78'], 'after RestartSec, too');
  });

  await t.test('as a sidecar it is called by who is in its group and by nobody else', async (t) => {
    writeConfig(root, 'sidecar/gateway.yaml');
    writeDropIn(root, `${GATEWAY}.service`, { file: 'gateway.conf' });
    writeDropIn(root, 'app.service', { file: 'service.conf' });
    const curl = `/usr/bin/curl -sf --unix-socket ${SOCKET} http://localhost/api/domain`;
    writeFileSync(
      join(root, 'etc/systemd/system/app.service'),
      `[Service]\nType=oneshot\nDynamicUser=yes\nExecStart=${curl}\n`,
    );
    for (const command of [
      'groupadd --system cdn-callers',
      'useradd -M -G cdn-callers member',
      'useradd -M stranger',
    ]) {
      t.match(machine.run('sh', '-c', command), { status: 0 });
    }
    systemctl(t, 'daemon-reload');
    systemctl(t, 'start', 'app');
    t.equal(property('ActiveState'), 'active', 'the service has started it');
    const as = (user: string, ...command: string[]) =>
      machine.run('setpriv', `--reuid=${user}`, `--regid=${user}`, '--init-groups', ...command);
    t.match(as('member', ...curl.split(' ')), { status: 0, text: /success/ });
    t.equal(as('stranger', ...curl.split(' ')).status, 7, 'could not connect');
    const keys = [`/run/credentials/${GATEWAY}.service/secret-key`, `/etc/${GATEWAY}/secrets/secret-key`];
    for (const key of keys) t.match(as('member', 'cat', key).text, /Permission denied/);
  });

  await t.test('its sandbox denied it nothing', async (t) => {
    t.notMatch(log(), /EACCES|EROFS|EPERM|SYS|"level":[56]0/);
  });
});

/** What the account has left, by an answer's head. */
function left(answer: string): number {
  return Number(/"account";r=(\d+)/.exec(answer)?.[1]);
}

/** What an operator does on a machine. */
function operate({ run }: Machine) {
  return {
    systemctl(t: Test, ...args: string[]): void {
      const { status, text } = run('systemctl', ...args);
      t.equal(status, 0, `systemctl ${args.join(' ')} ${text}`);
    },
    property: (name: string, unit = GATEWAY) => run('systemctl', 'show', '--value', '-p', name, unit).text.trim(),
    log: () => run('journalctl', '--no-pager', '-o', 'cat', '-u', GATEWAY).text,
    call(...args: string[]) {
      const { text } = run('curl', '-si', '--max-time', '20', ...args);
      return { status: /^HTTP\S+ (\d+)/.exec(text)?.[1], text };
    },
    /** A token of a consumer's, and its hash. */
    token: () => run('node', MAIN, 'token').text.match(/\S+$/gm) ?? [],
  };
}

async function until(met: () => boolean): Promise<void> {
  const end = performance.now() + 60_000;
  while (!met()) {
    if (performance.now() > end) throw new Error(`not within a minute: ${met}`);
    await pause(50);
  }
}
