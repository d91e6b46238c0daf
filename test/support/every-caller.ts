// A gateway that every kind of caller can reach, each of them with one account or with two, in front of the sandbox.
import { hash } from 'node:crypto';
import { join } from 'node:path';
import type { Test } from 'tap';
import type { KnownConsumer } from '../../src/catalog/consumer.ts';
import { Secret } from '../../src/catalog/secret.ts';
import type { QuotaReport } from '../../src/http/quota-report.ts';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import { createAuthority } from './certificates.ts';
import { accountsAt, startTestGateway } from './gateway.ts';
import { basic, bytesOf, exchange, go, type Keys, type WireAnswer, type WireCall } from './sdk-client.ts';
import { shortFolder } from './short-folder.ts';
import { ownSecond } from './virtual-keys.ts';

export type Headers = readonly (readonly [name: string, value: string])[];

/** What a caller asks for, whatever it is known by. */
export interface Row {
  readonly method: string;
  readonly target: string;
  readonly headers?: Headers;
}

type Scheme = 'token' | 'access-key' | 'api-key' | 'certificate' | 'socket' | 'anonymous';

/** A caller: what it is known by, and the accounts that it may use, its default first. */
export interface Caller {
  readonly name: string;
  readonly scheme: Scheme;
  readonly accounts: readonly string[];
}

const SCHEMES: readonly Scheme[] = ['token', 'access-key', 'api-key', 'certificate', 'socket'];
/** All accounts that the gateway has; `others` is nobody's. */
const ACCOUNTS = ['main', 'reports', 'others'];

export const CALLERS: readonly Caller[] = [
  { name: 'anonymous', scheme: 'anonymous', accounts: ['main'] },
  ...SCHEMES.flatMap((scheme): Caller[] => [
    { name: `${scheme}-of-one`, scheme, accounts: ['main'] },
    { name: `${scheme}-of-two`, scheme, accounts: ['reports', 'main'] },
  ]),
];

const tokenOf = ({ name }: Caller) => `the-token-of-${name}-0123456789`;
const keysOf = ({ name }: Caller): Keys => ({ id: `key-of-${name}`, secret: `the-secret-of-${name}-0123456789` });

function toConsumer(caller: Caller, allow: readonly string[]): KnownConsumer {
  const { name, scheme, accounts } = caller;
  const { id, secret } = keysOf(caller);
  const common = { name, accounts, allow };
  switch (scheme) {
    case 'token':
      return { ...common, tokenSha256: hash('sha256', tokenOf(caller)) };
    case 'access-key':
      return { ...common, accessKey: { id, secretKey: new Secret(secret) } };
    case 'api-key':
      return { ...common, apiKey: { username: id, apiKey: new Secret(secret) } };
    case 'certificate':
      return { ...common, certificateName: `CN:${name}` };
    default:
      return common;
  }
}

/** Starts both; they end with the test. `caller` is who calls. */
export async function startFor(t: Test, { caller, allow }: { caller: Caller; allow: readonly string[] }) {
  const sandbox = await startSandbox({});
  const folder = shortFolder(t);
  const authority = createAuthority(folder);
  const server = authority.issue({ name: 'gateway' });
  const accounts = accountsAt(sandbox.origin);
  const main = accounts.get('main');
  if (main !== undefined) accounts.set('others', { ...main, name: 'others', quotaAccount: 'others' });
  const known = CALLERS.filter(({ scheme }) => scheme !== 'anonymous');
  const unixSocket = join(folder, 'a.sock');
  const tls = { cert: server.cert, key: new Secret(server.key), clientCa: authority.cert };
  const gateway = await startTestGateway(sandbox.origin, {
    listen: [
      { host: '127.0.0.1', port: 0 },
      { host: '127.0.0.1', port: 0, tls },
      { unixSocket, mode: 0o600, ...(caller.scheme === 'socket' && { consumer: caller.name }) },
    ],
    accounts,
    anonymous: { account: 'main', allow },
    consumers: known.map((one) => toConsumer(one, allow)),
  });
  t.teardown(async () => {
    await gateway.drain();
    await sandbox.close();
  });
  const [plain = '', secure = ''] = gateway.listeners;
  const place = { certificate: secure, socket: { path: unixSocket } } as const;
  const where = caller.scheme === 'certificate' || caller.scheme === 'socket' ? place[caller.scheme] : plain;
  const host = typeof where === 'string' ? new URL(where).host : 'localhost';
  const identity =
    caller.scheme === 'certificate' ? { ca: authority.cert, ...authority.issue({ name: caller.name }) } : undefined;
  return {
    sandbox,
    gateway,
    host,
    /** The request that a client of that kind sends. */
    make: (row: Row): WireCall => toWire(caller, { host, row }),
    send: (call: WireCall): Promise<WireAnswer> => exchange(where, bytesOf(call), identity),
    sendBytes: (bytes: string | Buffer): Promise<WireAnswer> => exchange(where, Buffer.from(bytes), identity),
    /** Interfaces that the vendor was called for. */
    reached: () => Object.values(sandbox.report().interfaces).flatMap((interfaces) => Object.keys(interfaces)),
    /** Partitions of all accounts of which a unit was spent. */
    async charged() {
      const reports = ACCOUNTS.map((name) => fetch(`${gateway.admin}/quota?account=${name}`));
      const bodies = await Promise.all(reports.map(async (report) => (await (await report).json()) as QuotaReport));
      return bodies.flatMap(({ partitions }) => partitions).map(({ partition }) => partition);
    },
    secrets: CALLERS.flatMap((one) => [tokenOf(one), keysOf(one).secret]),
  };
}

function toWire(caller: Caller, { host, row }: { host: string; row: Row }): WireCall {
  const { headers = [], ...rest } = row;
  const keys = keysOf(caller);
  switch (caller.scheme) {
    case 'access-key':
      return go(host, keys, {
        ...rest,
        signed: headers,
        timestamp: ownSecond(),
        ...(hasBody(row) ? { body: '{}' } : {}),
      });
    case 'token':
      return unsigned(host, row, [['Authorization', `Bearer ${tokenOf(caller)}`]]);
    case 'api-key':
      return unsigned(host, row, basic(keys, { at: Date.now() }));
    default:
      return unsigned(host, row, []);
  }
}

/** A request without a signature over it. */
export function unsigned(host: string, { method, target, headers = [] }: Row, credentials: Headers): WireCall {
  const body = hasBody({ method }) ? '{}' : '';
  const common: Headers = [
    ['Host', host],
    ['Content-Type', 'application/json'],
    ...(body === '' ? [] : [['Content-Length', '2'] as const]),
  ];
  return { method, target, headers: [...common, ...credentials, ...headers], body };
}

function hasBody({ method }: { method: string }): boolean {
  return method === 'POST' || method === 'PUT' || method === 'PATCH';
}
