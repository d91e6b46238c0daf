// Every kind of caller against every way to call something else than it may: nothing forbidden arrives, nothing is charged.
import t from 'tap';
import { CALLERS, type Caller, type Headers, type Row, startFor, unsigned } from '../support/every-caller.ts';
import { bytesOf } from '../support/sdk-client.ts';

const allow = ['POST /ccm/purge/*', 'GET /api/domain/**'];
const PURGE: Row = { method: 'POST', target: '/ccm/purge/ItemIdReceiver' };

const ALLOWED: readonly Row[] = [
  { method: 'GET', target: '/api/domain' },
  { method: 'GET', target: '/api/domain/www.example.com/x?y=/ccm/fetch' },
  { method: 'GET', target: '/api/%64omain' },
  { method: 'GET', target: '/api/domain/' },
  PURGE,
];

function asAccount(name: string): Headers {
  return [['x-gateway-account', name]];
}

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
  '/ccm//purge/x',
  '/ccm/purge//x',
  '/ccm/purge/x//',
  '/ccm/purge/%252e%252e/fetch/x',
  '/ccm/purge/..%252ffetch',
  '/ccm%252fpurge%252fx',
  '/ccm/purge/..%EF%BC%8Ffetch',
  '/ccm/purge/%EF%BC%8E%EF%BC%8E/fetch',
  '/ccm／purge／x',
];

/** Accounts that no caller has, and headers that make another call of an allowed one. */
const HEADERS: readonly Headers[] = [
  ...['others', 'nobody', '', 'MAIN', 'main,reports', 'main, others', '__proto__'].map(asAccount),
  [...asAccount('main'), ...asAccount('others')],
  [...asAccount('main'), ...asAccount('main')],
  ...['on-behalf-of', 'report-range'].map((name): Headers => [[name, 'customer']]),
  ...['DISABLE', 'ENABLE', 'DELETE', 'GET', 'disable', ''].map((name): Headers => [['x-http-method-override', name]]),
];

/** What none may call, with whatever account. */
const FORBIDDEN: readonly Row[] = [
  ...METHODS.flatMap((method) => PATHS.map((target) => ({ method, target }))).filter(
    ({ method, target }) => !ALLOWED.some((row) => row.method === method && row.target === target),
  ),
  ...SPELLINGS.map((target) => ({ method: 'POST', target })),
  ...HEADERS.map((headers) => ({ method: 'POST', target: '/ccm/purge/ItemIdReceiver', headers })),
];

/** With the default account, and with each that the caller may name. */
function withAccounts({ accounts }: Caller, rows: readonly Row[]): { row: Row; account: string }[] {
  const choices = [
    { headers: [], account: accounts[0] ?? '' },
    ...accounts.map((name) => ({ headers: asAccount(name), account: name })),
  ];
  return rows.flatMap((row) =>
    choices.map(({ headers, account }) => ({
      row: { ...row, headers: [...headers, ...(row.headers ?? [])] },
      account,
    })),
  );
}

for (const caller of CALLERS) {
  const { name, accounts } = caller;

  t.test(`${name}: what is allowed arrives, for each of its accounts`, async (t) => {
    const { sandbox, gateway, make, send } = await startFor(t, { caller, allow });
    const rows = withAccounts(caller, ALLOWED);
    for (const { row, account } of rows) {
      const { status, body } = await send(make(row));
      t.equal(status, 200, `${row.method} ${row.target} ${body}`);
      t.match(gateway.log.at(-1), { consumer: name, account });
    }
    t.match(sandbox.report(), { arrivals: rows.length, verified: rows.length, leakedHeaders: {} });
  });

  const foreign = ['main', 'reports'].filter((account) => !accounts.includes(account));
  const forbidden = [
    ...withAccounts(caller, FORBIDDEN).map(({ row }) => row),
    ...foreign.flatMap((account) => ALLOWED.map((row) => ({ ...row, headers: asAccount(account) }))),
  ];
  t.test(`${name}: none of ${forbidden.length} forbidden calls arrives or is charged`, async (t) => {
    const { sandbox, gateway, make, send, charged, secrets } = await startFor(t, { caller, allow });
    for (const row of forbidden) {
      const { status, headers } = await send(make(row));
      const what = `${row.method} ${row.target} ${JSON.stringify(row.headers ?? [])}: ${status}`;
      t.ok([400, 401, 403].includes(status), what);
      t.ok(headers['x-gateway-error'], what);
    }
    t.equal(sandbox.report().arrivals, 0);
    t.strictSame(await charged(), []);
    t.notMatch(gateway.logText(), new RegExp(secrets.join('|')));
  });

  t.test(`${name}: no request hidden in another arrives`, async (t) => {
    const { sandbox, host, make, sendBytes, reached } = await startFor(t, { caller, allow });
    const hidden = `POST /ccm/fetch/ItemIdReceiver HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 2\r\n\r\n{}`;
    const call = bytesOf(make(PURGE)).toString();
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
      const { status } = await sendBytes(bytes);
      t.ok(status === 400 || status === 401, `${what}: ${status}`);
    }
    t.strictSame(reached(), []);
    t.equal(sandbox.report().arrivals, 0);
  });

  t.test(`${name}: a request behind another is judged by itself`, async (t) => {
    const { gateway, host, make, sendBytes, reached } = await startFor(t, { caller, allow });
    const second = unsigned(host, { method: 'POST', target: '/ccm/fetch/ItemIdReceiver' }, []);
    t.equal((await sendBytes(Buffer.concat([bytesOf(make(PURGE)), bytesOf(second)]))).status, 200);
    await fetch(`${gateway.url}/api/domain`);
    t.strictSame(reached().sort(), ['GET /api/domain', 'POST /ccm/purge/ItemIdReceiver']);
  });

  const isBrowsers = caller.scheme === 'anonymous' || caller.scheme === 'certificate';
  t.test(`${name}: a web page ${isBrowsers ? "can't call" : 'is like any other program'}`, async (t) => {
    const { sandbox, make, send } = await startFor(t, { caller, allow });
    const ofPages: Headers = [
      ['Origin', 'https://evil.example'],
      ['Sec-Fetch-Site', 'cross-site'],
    ];
    for (const header of ofPages) {
      for (const row of ALLOWED) {
        const { headers, ...call } = make(row);
        t.equal((await send({ ...call, headers: [...headers, header] })).status, isBrowsers ? 403 : 200, header[0]);
      }
    }
    t.equal(sandbox.report().arrivals, isBrowsers ? 0 : 2 * ALLOWED.length);
  });
}

t.test('anonymous: a site whose name resolves to this machine is called by that name, and so forbidden', async (t) => {
  const { sandbox, make, send } = await startFor(t, {
    caller: { name: 'anonymous', scheme: 'anonymous', accounts: ['main'] },
    allow: ['*'],
  });
  const { headers, ...call } = make(PURGE);
  const named = (host: string) => headers.map(([name, value]) => [name, name === 'Host' ? host : value] as const);
  for (const host of ['evil.example', '0.0.0.0']) t.equal((await send({ ...call, headers: named(host) })).status, 403);
  t.equal(sandbox.report().arrivals, 0);
  t.equal((await send({ ...call, headers: named('localhost') })).status, 200);
});
