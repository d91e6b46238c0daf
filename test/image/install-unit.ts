import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DEMO_ACCESS_KEY, DEMO_SECRET_KEY } from '../../src/sandbox/demo-credentials.ts';
import { nodeProgram } from './node-program.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const SYSTEMD = join(ROOT, 'deploy/systemd');
const NAME = 'cdnetworks-gateway.service';
/** What isn't in a clone of the repository. */
const MADE = ['.git', '.tap', 'dist', 'node_modules'].map((name) => join(ROOT, name));

/** Puts on the machine in `root` what the first lines of the unit name, where they say. */
export function installUnit(root: string): void {
  const unit = readFileSync(join(SYSTEMD, NAME), 'utf8');
  const opt = join(root, 'opt/cdnetworks-gateway');
  cpSync(ROOT, opt, { recursive: true, filter: (path) => !MADE.includes(path) });
  const [, build = ''] = /this repository after `(.*)`/.exec(unit) ?? [];
  const env = { ...process.env, npm_config_loglevel: 'error' };
  execFileSync('sh', ['-ec', build], { cwd: opt, env, stdio: ['ignore', 'ignore', 'inherit'] });
  cpSync(nodeProgram(), join(root, 'usr/bin/node'));
  mkdirSync(join(root, 'etc/cdnetworks-gateway/secrets'), { recursive: true });
  writeSecret(root, 'access-key', DEMO_ACCESS_KEY);
  writeSecret(root, 'secret-key', DEMO_SECRET_KEY);
  writeFileSync(join(root, 'etc/systemd/system', NAME), unit);
}

/** Writes a key of the account, which root alone may read. */
export function writeSecret(root: string, name: 'access-key' | 'secret-key', value: string): void {
  const path = join(root, 'etc/cdnetworks-gateway/secrets', name);
  writeFileSync(path, `${value}\n`);
  chmodSync(path, 0o600);
}

/** Puts a configuration of deploy/systemd in place, with a vendor on this machine and what else is changed in it. */
export function writeConfig(root: string, name: string, change: (yaml: string) => string = (yaml) => yaml): void {
  const yaml = readFileSync(join(SYSTEMD, name), 'utf8');
  const local = yaml.replace(/^ {2}main:\n/m, '$&    origin: http://127.0.0.1:8081\n');
  writeFileSync(join(root, 'etc/cdnetworks-gateway/gateway.yaml'), change(local));
}

/** Adds a drop-in to a unit: a file of deploy/systemd/sidecar, or settings. */
export function writeDropIn(root: string, unit: string, from: { file: string } | { settings: string }): void {
  const folder = join(root, 'etc/systemd/system', `${unit}.d`);
  mkdirSync(folder, { recursive: true });
  if ('file' in from) cpSync(join(SYSTEMD, 'sidecar', from.file), join(folder, from.file));
  else writeFileSync(join(folder, 'settings.conf'), from.settings);
}
