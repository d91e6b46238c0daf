import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { Account } from '../../src/catalog/account.ts';
import type { Config } from '../../src/config/config.ts';
import { loadConfig } from '../../src/config/load.ts';
import { ACCOUNT, ANYBODY, DIGEST, REST, withAccount, withCredential } from './bad-file.ts';

const PEM = `-----BEGIN CERTIFICATE-----
MIIBNDCB56ADAgECAhQ4i3b6+gU1cwsZS59Hs8XvuAxTSjAFBgMrZXAwDzENMAsG
A1UEAwwEdGVzdDAgFw0yNjExMjQwMjEwNDBaGA8yMTI2MTAzMTAyMTA0MFowDzEN
MAsGA1UEAwwEdGVzdDAqMAUGAytlcAMhAGZJpKph90cpGyBlMfk7qTFzjW3g3LOd
GfoxdGrfjCneo1MwUTAdBgNVHQ4EFgQUmijdDSD+7DQHp/6e82jR18bnx1IwHwYD
VR0jBBgwFoAUmijdDSD+7DQHp/6e82jR18bnx1IwDwYDVR0TAQH/BAUwAwEB/zAF
BgMrZXADQQB3Zm+Kbpj3fbNZPEZUH2vOv6m67VCkwPgJY32MiZGcN64/fbtGR+z1
JztlzMZMKN6bkoFriH+bkzf0R5kib54A
-----END CERTIFICATE-----
`;

function load(t: Test, yaml: string, files: Record<string, string | Record<string, string>> = {}): Config {
  const folder = t.testdir({ ...files, 'gateway.yaml': yaml });
  return loadConfig({ file: join(folder, 'gateway.yaml'), env: { KEY: 'key', ID: 'AKID/1+=' } });
}

function account(config: Config, name: string): Account {
  const found = config.accounts.get(name);
  if (found === undefined) throw new Error(`no account ${name}`);
  return found;
}

t.test('what is left out of a file has the defaults of the documented file', async (t) => {
  const config = load(t, REST);
  const { credential, ...main } = account(config, 'main');
  t.strictSame(main, {
    name: 'main',
    origin: 'https://api.cdnetworks.com',
    quotaAccount: 'main',
    quotas: {
      account: { quota: 300, windowMs: 300_000 },
      interface: { quota: 30, windowMs: 300_000 },
      documentedLimits: 'tighten',
      marginMs: 1_000,
      interfaces: new Map(),
    },
    forwardHeaders: [],
  });
  t.equal(credential.type, 'api-key');
  const { accounts, ...rest } = config;
  t.strictSame([...accounts.keys()], ['main']);
  t.strictSame(rest, {
    listen: [{ host: '127.0.0.1', port: 8080 }],
    admin: { host: '127.0.0.1', port: 9090 },
    store: { type: 'memory' },
    anonymous: { account: 'main', allow: ['*'] },
    consumers: [],
    limits: {
      bodyBytes: 10 * 1024 * 1024,
      headersBytes: 16 * 1024,
      urlBytes: 8 * 1024,
      requestTimeoutMs: 60_000,
      idleTimeoutMs: 72_000,
      connections: 4096,
      eventLoopDelayMs: 1_000,
      connectTimeoutMs: 5_000,
      upstreamTimeoutMs: 30_000,
      graceMs: 30_000,
      drainDelayMs: 0,
      drainMs: 35_000,
      inFlight: 512,
      waitMs: 120_000,
      waiting: 256,
    },
    log: { level: 'info', format: 'pino' },
  });
});

t.test('a journal lies next to the configuration, and need not be there yet', async (t) => {
  const config = load(t, `store: { type: memory, journal: state/gateway.journal }\n${REST}`, { state: {} });
  t.strictSame(config.store, { type: 'memory', journal: join(t.testdirName, 'state/gateway.journal') });
});

t.test('an audit log lies next to the configuration, and need not be there where calls go on without it', async (t) => {
  t.strictSame(load(t, `audit: { file: audit.log }\n${REST}`).audit, {
    file: join(t.testdirName, 'audit.log'),
    onAuditFailure: 'refuse',
  });
  const config = load(t, `audit: { file: nowhere/audit.log, onAuditFailure: continue }\n${REST}`);
  t.strictSame(config.audit, { file: join(t.testdirName, 'nowhere/audit.log'), onAuditFailure: 'continue' });
});

t.test('an account may have the credential that comes next', async (t) => {
  const next = '    nextCredential: { type: access-key, accessKey: { env: ID }, secretKey: { env: KEY } }\n';
  const { nextCredential } = account(load(t, withAccount(next)), 'main');
  t.match(nextCredential, { type: 'access-key', accessKey: 'AKID/1+=' });
});

t.test('a listener that is named in part has the defaults for the rest', async (t) => {
  const config = load(t, `listen: [{ port: 0 }, { host: "::1" }]\nadmin: { host: localhost }\n${REST}`);
  t.strictSame(config.listen, [
    { host: '127.0.0.1', port: 0 },
    { host: '::1', port: 8080 },
  ]);
  t.strictSame(config.admin, { host: 'localhost', port: 9090 });
});

t.test('an alias is a copy: a default filled in at one place stays there', async (t) => {
  const config = load(t, `listen: [&here { host: 127.0.0.2 }]\nadmin: *here\n${REST}`);
  t.strictSame(config.listen, [{ host: '127.0.0.2', port: 8080 }]);
  t.strictSame(config.admin, { host: '127.0.0.2', port: 9090 });
});

t.test('consumers keep the order of the file', async (t) => {
  const bot = (name: string, digit: string) =>
    `  ${name}: { token: { sha256: ${digit.repeat(64)} }, accounts: [main], allow: ["* /a/**", GET /] }\n`;
  const config = load(t, `${ACCOUNT}consumers:\n${bot('zoe', 'a')}${bot('constructor', 'b')}`);
  const shared = { accounts: ['main'], allow: ['* /a/**', 'GET /'] };
  t.strictSame(config.consumers, [
    { name: 'zoe', tokenSha256: DIGEST, ...shared },
    { name: 'constructor', tokenSha256: 'b'.repeat(64), ...shared },
  ]);
  t.notOk('anonymous' in config);
});

t.test('a consumer may have credentials of every kind, and a share of its own', async (t) => {
  const yaml = `${ACCOUNT}consumers:
  all:
    token: { sha256: ${DIGEST} }
    accessKey: { id: vk, secretKey: { file: sk } }
    apiKey: { username: u, apiKey: { file: ak } }
    certificate: { commonName: a b }
    accounts: [main]
    allow: ["*"]
    quota: { quota: 60, window: 5m }
  other: { certificate: { san: "URI:spiffe://a/b" }, accounts: [main], allow: ["*"] }
`;
  const { consumers } = load(t, yaml, { sk: 'secret-key-of-16\n', ak: 'another-api-key-of-all\n' });
  t.match(consumers, [
    {
      tokenSha256: DIGEST,
      accessKey: { id: 'vk' },
      apiKey: { username: 'u' },
      certificateName: 'CN:a b',
      quota: { quota: 60, windowMs: 300_000 },
    },
    { certificateName: 'URI:spiffe://a/b' },
  ]);
  t.equal(consumers[0]?.accessKey?.secretKey.reveal(), 'secret-key-of-16');
  t.equal(consumers[0]?.apiKey?.apiKey.reveal(), 'another-api-key-of-all');
});

t.test('with trusted networks callers without credentials may come to any address', async (t) => {
  const anonymous = 'anonymous: { account: main, trustNetwork: [10.0.0.0/8, "fd00::/8"] }\n';
  const config = load(t, `listen: [{ host: 0.0.0.0 }]\n${ACCOUNT}${anonymous}`);
  t.strictSame(config.anonymous?.trustNetwork, ['10.0.0.0/8', 'fd00::/8']);
});

t.test('whoever waits by default does so as long as the file says, at most as long as anybody may', async (t) => {
  const bot = `consumers: { bot: { token: { sha256: ${DIGEST} }, accounts: [main], allow: ["*"], wait: 90s } }\n`;
  const config = load(t, `limits: { wait: 90s, waiting: 2 }\n${ACCOUNT}anonymous: { account: main, wait: 0s }\n${bot}`);
  t.match(config.consumers, [{ name: 'bot', waitMs: 90_000 }]);
  t.match(config.anonymous, { waitMs: 0 });
  t.match(config.limits, { waitMs: 90_000, waiting: 2 });
});

t.test('with consumers alone, any address may be listened on', async (t) => {
  const bot = `consumers: { bot: { token: { sha256: ${DIGEST} }, accounts: [main], allow: ["*"] } }\n`;
  t.strictSame(load(t, `listen: [{ host: 0.0.0.0 }]\n${ACCOUNT}${bot}`).listen, [{ host: '0.0.0.0', port: 8080 }]);
});

t.test('secrets come from variables and from files next to the configuration', async (t) => {
  const yaml = withCredential('{ type: access-key, accessKey: { env: ID }, secretKey: { file: secrets/sk } }');
  const { credential } = account(load(t, yaml, { secrets: { sk: 's k\n' } }), 'main');
  t.match(credential, { type: 'access-key', accessKey: 'AKID/1+=' });
  t.equal(credential.type === 'access-key' && credential.secretKey.reveal(), 's k');
});

for (const [text, secret] of [
  ['key', 'key'],
  ['key\n', 'key'],
  ['key\r\n', 'key'],
  [' key ', ' key '],
] as const) {
  t.test(`one line break ends a file and nothing else is cut: ${JSON.stringify(text)}`, async (t) => {
    const yaml = withCredential('{ type: api-key, username: u, apiKey: { file: key } }');
    const { credential } = account(load(t, yaml, { key: text }), 'main');
    t.equal(credential.type === 'api-key' && credential.apiKey.reveal(), secret);
  });
}

t.test('an account keeps what it says and takes the rest of the quotas from the top', async (t) => {
  const common = `quotas:
  account: { quota: 100, window: 1h }
  margin: 250ms
  interfaces:
    GET /a/*: { quota: 1, window: 1m }
    GET /b: [{ quota: 2, window: 1m }, { quota: 20, window: 1d }]
`;
  const own = `    quotas:
      interface: { quota: 7, window: 10s }
      documentedLimits: replace
      interfaces: { GET /b: { quota: 3, window: 31d } }
`;
  t.strictSame(account(load(t, common + withAccount(own)), 'main').quotas, {
    account: { quota: 100, windowMs: 3_600_000 },
    interface: { quota: 7, windowMs: 10_000 },
    documentedLimits: 'replace',
    marginMs: 250,
    interfaces: new Map([
      ['GET /a/*', [{ quota: 1, windowMs: 60_000 }]],
      ['GET /b', [{ quota: 3, windowMs: 31 * 86_400_000 }]],
    ]),
  });
});

t.test('an account with a quotaAccount has the quotas of that account', async (t) => {
  const main = ACCOUNT.replace('credential: {', 'credential: &same {');
  const second = '  second: { credential: *same, quotaAccount: main }\n';
  const config = load(t, `${main}    quotas: { margin: 2s }\n${second}${ANYBODY}`);
  t.equal(account(config, 'second').quotaAccount, 'main');
  t.equal(account(config, 'second').quotas.marginMs, 2_000);
});

t.test('certificates and privileged headers are given to the account', async (t) => {
  const yaml = withAccount('    caFile: ca.pem\n    forwardHeaders: [report-range, on-behalf-of]\n');
  const main = account(load(t, yaml, { 'ca.pem': `the test's own\n${PEM}` }), 'main');
  t.equal(main.ca, `the test's own\n${PEM}`);
  t.strictSame(main.forwardHeaders, ['report-range', 'on-behalf-of']);
});

t.test('privileged headers are given to the consumer that lists them, and to nobody else', async (t) => {
  const config = load(
    t,
    `${ACCOUNT}anonymous: { account: main, forwardHeaders: [on-behalf-of] }
consumers:
  a: { token: { sha256: "${'0'.repeat(64)}" }, accounts: [main], allow: ["*"], forwardHeaders: [report-range] }
  b: { token: { sha256: "${'1'.repeat(64)}" }, accounts: [main], allow: ["*"] }
`,
  );
  t.strictSame(config.anonymous?.forwardHeaders, ['on-behalf-of']);
  t.strictSame(
    config.consumers.map(({ forwardHeaders }) => forwardHeaders),
    [['report-range'], undefined],
  );
});

t.test('nothing in a loaded configuration can be changed', async (t) => {
  const config = load(t, `quotas: { interfaces: { GET /a: { quota: 1, window: 1s } } }\n${REST}`);
  const open: string[] = [];
  const visit = (value: unknown, path: string): void => {
    if (typeof value !== 'object' || value === null) return;
    if (!Object.isFrozen(value)) open.push(path);
    if (value instanceof Map) t.throws(() => value.set('x', 1), TypeError);
    if (value instanceof Map) t.throws(() => value.clear(), TypeError);
    for (const [key, member] of value instanceof Map ? value : Object.entries(value)) visit(member, `${path}.${key}`);
  };
  visit(config, 'config');
  t.strictSame(open, []);
});
