import { type ChildProcess, spawn } from 'node:child_process';
import { hash } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { connect as connectTls } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { DEMO_ACCESS_KEY, DEMO_API_KEY, DEMO_SECRET_KEY, DEMO_USERNAME } from '../../src/sandbox/demo-credentials.ts';
import { createAuthority } from '../support/certificates.ts';
import { CONSUMERS } from './requests.ts';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

/** What the gateway said of its requests. */
export interface Told {
  lines: number;
  /** Calls that left for the vendor, by consumer and account. */
  readonly sent: Map<string, number>;
  /** By code. */
  readonly refused: Map<string, number>;
  /** Lines that must not be there: faults of the gateway's own, and outcomes that a vendor that never fails leaves no room for. */
  readonly faults: string[];
}

/** A gateway as an operator runs it, with a listener of every kind. */
export interface FuzzedGateway {
  readonly told: Told;
  readonly process: ChildProcess;
  /** What it wrote to standard error. */
  complaints(): string;
  /** Opens a connection; most come over plain TCP, from many addresses so that no port is met twice in a minute. */
  open(serial: number): Socket;
  /** Descriptors and resident memory of the process. */
  holds(): { descriptors: number; residentMiB: number };
}

/** Starts `serve` in front of the sandbox at `origin`. Needs a folder whose path is short. */
export async function startFuzzedGateway(folder: string, origin: string): Promise<FuzzedGateway> {
  const authority = createAuthority(folder);
  const { cert, key } = authority.issue({ name: 'gateway' });
  writeFileSync(join(folder, 'tls.crt'), cert);
  writeFileSync(join(folder, 'tls.key'), key);
  writeFileSync(join(folder, 'gateway.yaml'), configFor(origin));
  const env = { AK: DEMO_ACCESS_KEY, SK: DEMO_SECRET_KEY, API_KEY: DEMO_API_KEY, PATH: process.env['PATH'] };
  const child = spawn(process.execPath, [MAIN, 'serve', '-c', join(folder, 'gateway.yaml')], { env });
  let complaints = '';
  child.stderr.on('data', (chunk) => {
    complaints += chunk;
  });
  const told: Told = { lines: 0, sent: new Map(), refused: new Map(), faults: [] };
  const lines = createInterface({ input: child.stdout });
  const [first] = await Promise.race([once(lines, 'line'), once(child, 'exit').then(() => [''])]);
  if (first === '') throw new Error(`the gateway did not start: ${complaints}`);
  lines.on('line', (line) => note(told, line));
  const [plain = '', secure = ''] = JSON.parse(String(first)).listen as string[];
  const portOf = (url: string) => Number(new URL(url).port);
  const ports = { plain: portOf(plain), secure: portOf(secure) };
  return {
    told,
    process: child,
    complaints: () => complaints,
    open(serial) {
      const localAddress = `127.0.0.${1 + (serial % 250)}`;
      const to = { host: '127.0.0.1', localAddress, allowHalfOpen: true };
      if (serial % 40 === 7) return connectTls({ ...to, port: ports.secure, ca: authority.cert });
      if (serial % 10 === 3) return connect({ path: join(folder, 'a.sock'), allowHalfOpen: true });
      return connect({ ...to, port: ports.plain });
    },
    holds: () => holdsOf(child.pid ?? 0),
  };
}

function configFor(origin: string): string {
  const consumers = Object.entries(CONSUMERS).map(([name, { token, account, folder }]) => {
    return `  ${name}: { token: { sha256: ${hash('sha256', token)} }, accounts: [${account}], allow: ["* ${folder}**"] }`;
  });
  return `
listen:
  - { host: 127.0.0.1, port: 0 }
  - { host: 127.0.0.1, port: 0, tls: { certFile: tls.crt, keyFile: tls.key } }
  - { unixSocket: a.sock }
admin: { host: 127.0.0.1, port: 0 }
accounts:
  main: { origin: "${origin}", credential: { type: access-key, accessKey: { env: AK }, secretKey: { env: SK } } }
  reports: { origin: "${origin}", credential: { type: api-key, username: ${DEMO_USERNAME}, apiKey: { env: API_KEY } } }
quotas:
  account: { quota: 1000000, window: 1s }
  interface: { quota: 1000000, window: 1s }
  documentedLimits: ignore
consumers:
${consumers.join('\n')}
limits: { body: 64KiB, requestTimeout: 1500ms, idleTimeout: 1500ms, wait: 2s, drain: 5s }
`;
}

function note(told: Told, line: string): void {
  const { msg, consumer, account, outcome, reason, level } = JSON.parse(line);
  if (msg !== 'request completed') return;
  told.lines += 1;
  if (level > 40 || (outcome !== undefined && outcome !== 'sent' && outcome !== 'unsent')) told.faults.push(line);
  if (outcome === 'sent') increment(told.sent, `${consumer} ${account}`);
  if (reason !== undefined) increment(told.refused, reason);
}

function increment(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function holdsOf(pid: number): { descriptors: number; residentMiB: number } {
  const [, resident = '0'] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return { descriptors: readdirSync(`/proc/${pid}/fd`).length, residentMiB: Number(resident) / 1024 };
}
