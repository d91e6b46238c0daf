// Every kind of consumer against every way to call something else than it may: nothing forbidden arrives, nothing is charged.
import { hash } from 'node:crypto';
import t from 'tap';
import { Secret } from '../../src/catalog/secret.ts';
import type { QuotaReport } from '../../src/http/quota-report.ts';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import { startTestGateway } from '../support/gateway.ts';
import { basic, bytesOf, exchange, go, type WireCall } from '../support/sdk-client.ts';
import { API, KEYS, ownSecond } from '../support/virtual-keys.ts';

const TOKEN = 'the-token-of-the-purge-bot-0123456789';
const ALLOW = ['POST /ccm/purge/*', 'GET /api/domain/**'];
const may = { accounts: ['main'], allow: ALLOW };
const CONSUMERS = [
  { ...may, name: 'token', tokenSha256: hash('sha256', TOKEN) },
  { ...may, name: 'access-key', accessKey: { id: KEYS.id, secretKey: new Secret(KEYS.secret) } },
  { ...may, name: 'api-key', apiKey: { username: API.id, apiKey: new Secret(API.secret) } },
];

type Headers = readonly (readonly [name: string, value: string])[];
interface Row {
  readonly method: string;
  readonly target: string;
  readonly headers?: Headers;
}

/** Each with its credentials, as a client of that kind sends them. */
const KINDS: Readonly<Record<string, (host: string, row: Row) => WireCall>> = {
  token: (host, row) => plain(host, row, [['Authorization', `Bearer ${TOKEN}`]]),
  'access-key': (host, { headers = [], ...row }) =>
    go(host, KEYS, { ...row, signed: headers, timestamp: ownSecond(), ...(hasBody(row) ? { body: '{}' } : {}) }),
  'api-key': (host, row) => plain(host, row, basic(API, { at: Date.now() })),
  anonymous: (host, row) => plain(host, row, []),
};

function plain(host: string, { method, target, headers = [] }: Row, credentials: Headers): WireCall {
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

const ALLOWED: readonly Row[] = [
  { method: 'GET', target: '/api/domain' },
  { method: 'GET', target: '/api/domain/www.example.com/x?y=/ccm/fetch' },
  { method: 'GET', target: '/api/%64omain' },
  { method: 'GET', target: '/api/domain/' },
  { method: 'POST', target: '/ccm/purge/ItemIdReceiver' },
  { method: 'POST', target: '/ccm/purge/ItemIdReceiver', headers: [['x-gateway-account', 'main']] },
];

const PATHS = ['/api/domain', '/ccm/purge/ItemIdReceiver', '/ccm/fetch/ItemIdReceiver', '/api/certificate', '/'];
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'ENABLE'];

/** Ways to spell another path than the one that is allowed. */
const SPELLINGS = [
  '/ccm/%66etch/ItemIdReceiver',
  '/ccm//fetch/ItemIdReceiver',
  '/ccm/purge/a/b',
  '/ccm/purge',
  '/ccm/purge/',
  '/CCM/purge/x',
  '//ccm/purge/x',
  '//gateway/ccm/purge/x',
  'http://127.0.0.1/ccm/purge/x',
  'http://api.cdnetworks.com/ccm/fetch/x',
  'ccm/purge/x',
  '*',
  '/ccm/purge/../fetch/x',
  '/ccm/purge/%2e%2e/fetch/x',
  '/ccm/purge/..%2ffetch',
  '/ccm/purge/..%5cfetch',
  '/ccm/purge/..\\fetch',
  '/ccm/purge/..;/fetch',
  '/ccm/purge/;x/y',
  '/ccm/purge/./x',
  '/ccm/fetch/x#/ccm/purge/x',
  '/ccm/fetch/x?/ccm/purge/x',
  '/ccm/purge/%00',
  '/ccm/purge/%zz',
  '/ccm%2fpurge%2fx',
  '/ccm;/purge/x/y',
];

const HEADERS: readonly Headers[] = [
  ...['reports', 'nobody', '', 'MAIN', 'main,reports', '__proto__'].map(
    (name): Headers => [['x-gateway-account', name]],
  ),
  [
    ['x-gateway-account', 'main'],
    ['x-gateway-account', 'reports'],
  ],
  ...['DISABLE', 'ENABLE', 'DELETE', 'GET', 'disable', ''].map((name): Headers => [['x-http-method-override', name]]),
];

const FORBIDDEN: readonly Row[] = [
  ...METHODS.flatMap((method) => PATHS.map((target) => ({ method, target }))).filter(
    ({ method, target }) => !ALLOWED.some((row) => row.method === method && row.target === target),
  ),
  ...SPELLINGS.map((target) => ({ method: 'POST', target })),
  ...HEADERS.map((headers) => ({ method: 'POST', target: '/ccm/purge/ItemIdReceiver', headers })),
];

async function start(t: { teardown(after: () => unknown): void }) {
  const sandbox = await startSandbox({});
  const anonymous = { account: 'main', allow: ALLOW };
  const gateway = await startTestGateway(sandbox.origin, { anonymous, consumers: CONSUMERS });
  t.teardown(async () => {
    await gateway.drain();
    await sandbox.close();
  });
  const reached = () => Object.values(sandbox.report().interfaces).flatMap((interfaces) => Object.keys(interfaces));
  const charged = async () => {
    const reports = ['main', 'reports'].map((name) => fetch(`${gateway.admin}/quota?account=${name}`));
    const bodies = await Promise.all(reports.map(async (report) => (await (await report).json()) as QuotaReport));
    return bodies.flatMap(({ partitions }) => partitions).map(({ partition }) => partition);
  };
  return { sandbox, gateway, host: new URL(gateway.url).host, reached, charged };
}

for (const [kind, make] of Object.entries(KINDS)) {
  t.test(`${kind}: what is allowed arrives`, async (t) => {
    const { sandbox, gateway, host } = await start(t);
    for (const row of ALLOWED) {
      const { status, body } = await exchange(gateway.url, bytesOf(make(host, row)));
      t.equal(status, 200, `${row.method} ${row.target} ${body}`);
      t.match(gateway.log.at(-1), { consumer: kind, account: 'main' });
    }
    t.match(sandbox.report(), { arrivals: ALLOWED.length, verified: ALLOWED.length, leakedHeaders: {} });
  });

  t.test(`${kind}: none of ${FORBIDDEN.length} forbidden calls arrives or is charged`, async (t) => {
    const { sandbox, gateway, host, charged } = await start(t);
    for (const row of FORBIDDEN) {
      const { status, headers } = await exchange(gateway.url, bytesOf(make(host, row)));
      const what = `${row.method} ${row.target} ${JSON.stringify(row.headers ?? [])}: ${status}`;
      t.ok([400, 401, 403].includes(status), what);
      t.ok(headers['x-gateway-error'], what);
    }
    t.equal(sandbox.report().arrivals, 0);
    t.strictSame(await charged(), []);
    t.notMatch(gateway.logText(), new RegExp(`${TOKEN}|${KEYS.secret}|${API.secret}`));
  });

  t.test(`${kind}: no request hidden in another arrives`, async (t) => {
    const { sandbox, gateway, host, reached } = await start(t);
    const hidden = `POST /ccm/fetch/ItemIdReceiver HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 2\r\n\r\n{}`;
    const call = bytesOf(make(host, { method: 'POST', target: '/ccm/purge/ItemIdReceiver' })).toString();
    const withLines = (...lines: string[]) => call.replace('\r\n\r\n', `\r\n${lines.join('\r\n')}\r\n\r\n`);
    for (const [what, bytes] of [
      [
        'Content-Length and Transfer-Encoding',
        `${withLines('Transfer-Encoding: chunked').replace(/{}$/, '0\r\n\r\n')}${hidden}`,
      ],
      ['two Content-Lengths', withLines(`Content-Length: ${hidden.length + 2}`) + hidden],
      ['a list of Content-Lengths', call.replace('Content-Length: 2', 'Content-Length: 2, 2') + hidden],
      ['a signed Content-Length', call.replace('Content-Length: 2', 'Content-Length: +2') + hidden],
      ['a coding that is not chunked', withLines('Transfer-Encoding: xchunked') + hidden],
      ['chunked twice', `${withLines('Transfer-Encoding: chunked, chunked')}${hidden}`],
      ['a folded line', withLines('X-Folded: a', ' b: c') + hidden],
      ['a folded Transfer-Encoding', withLines('Transfer-Encoding:', ' chunked') + hidden],
      ['a blank before the colon', withLines('Transfer-Encoding : chunked') + hidden],
      ['two Hosts', withLines('Host: api.cdnetworks.com')],
      ['no Host', call.replace(/^Host: .*\r\n/m, '')],
      ['a bare line feed', call.replace('\r\n\r\n', `\r\nX: y\n\n${hidden}\r\n\r\n`)],
      ['a null byte', withLines('X-Null: a\0b')],
    ] as const) {
      const { status } = await exchange(gateway.url, Buffer.from(bytes));
      t.ok(status === 400 || status === 401, `${what}: ${status}`);
    }
    t.strictSame(reached(), []);
    t.equal(sandbox.report().arrivals, 0);
  });

  t.test(`${kind}: a request behind another is judged by itself`, async (t) => {
    const { gateway, host, reached } = await start(t);
    const first = bytesOf(make(host, { method: 'POST', target: '/ccm/purge/ItemIdReceiver' }));
    const second = bytesOf(plain(host, { method: 'POST', target: '/ccm/fetch/ItemIdReceiver' }, []));
    t.equal((await exchange(gateway.url, Buffer.concat([first, second]))).status, 200);
    await fetch(`${gateway.url}/api/domain`);
    t.strictSame(reached().sort(), ['GET /api/domain', 'POST /ccm/purge/ItemIdReceiver']);
  });
}
