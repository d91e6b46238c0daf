// Who may call what. A stranger's body is never read, and nothing is sent or spent for it.
import { hash } from 'node:crypto';
import t from 'tap';
import { send, sendRaw } from '../sandbox/client-answer.ts';
import { startForwarding } from '../support/forwarding.ts';
import { WIDE } from '../support/gateway.ts';
import { valuesOf } from '../support/raw-upstream.ts';

const TOKEN = 'the-token-of-the-purge-bot-0123456789';
const CONSUMER = {
  name: 'purge-bot',
  tokenSha256: hash('sha256', TOKEN),
  accounts: ['main'],
  allow: ['POST /ccm/**', 'read-only'],
};
/** One unit each, so that one wrongly spent is missed. */
const ONE = { ...WIDE, account: { quota: 1, windowMs: 300_000 }, interface: { quota: 1, windowMs: 300_000 } };
const MINE = { authorization: `Bearer ${TOKEN}` };

const REFUSED: readonly (readonly [
  what: string,
  headers: Readonly<Record<string, string>>,
  status: number,
  target?: string,
])[] = [
  ['no token', {}, 401],
  ['a wrong token', { authorization: `Bearer ${TOKEN}x` }, 401],
  ['a part of a token', { authorization: `Bearer ${TOKEN.slice(0, -1)}` }, 401],
  ['an empty token', { authorization: 'Bearer ' }, 401],
  ['the hash in place of the token', { authorization: `Bearer ${CONSUMER.tokenSha256}` }, 401],
  ['another scheme', { authorization: `Basic ${Buffer.from(`x:${TOKEN}`).toString('base64')}` }, 401],
  ['a token and an account that is not its own', { ...MINE, 'x-gateway-account': 'reports' }, 403],
  ['a token and an account that nobody has', { ...MINE, 'x-gateway-account': 'nobody' }, 403],
  ['a token and an empty account', { ...MINE, 'x-gateway-account': '' }, 403],
  ['a token and an interface that is not allowed', MINE, 403, '/api/domain'],
  ['a token and a path that only begins like an allowed one', MINE, 403, '/ccmx/purge'],
];

for (const [what, headers, status, target = '/ccm/purge/ItemIdReceiver'] of REFUSED) {
  t.test(`${what}: ${status} before a byte of the body, nothing is sent and nothing spent`, async (t) => {
    const { upstream, gateway } = await startForwarding(t, { anonymous: false, consumers: [CONSUMER], quotas: ONE });
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    const head = `POST ${target} HTTP/1.1\r\nHost: localhost\r\n${lines.join('')}Content-Length: 1000000\r\n\r\n`;
    const code = status === 401 ? 'consumer-unknown' : 'consumer-forbidden';
    // The body never comes: whoever waited for it would not answer.
    const { text } = await sendRaw(gateway.url, head, '"request_id"');
    t.match(text, new RegExp(`^HTTP/1.1 ${status} `));
    t.match(text, new RegExp(`^x-gateway-error: ${code}`, 'm'));
    t.equal(/^www-authenticate: Bearer/m.test(text), status === 401);
    t.notOk(text.includes(TOKEN) || text.includes(CONSUMER.tokenSha256));
    t.equal(upstream.connections(), 0);

    const allowed = await send(gateway.url, { method: 'POST', target: '/ccm/purge/ItemIdReceiver', headers: MINE });
    t.equal(allowed.status, 200, 'the one unit is still there');
    t.match(gateway.log.at(-2), { res: { statusCode: status }, reason: code });
  });
}

t.test('x-gateway-account picks one of the accounts that a consumer has, and stays inside', async (t) => {
  const consumer = { ...CONSUMER, accounts: ['main', 'reports'], allow: ['*'] };
  const { upstream, gateway } = await startForwarding(t, { anonymous: false, consumers: [consumer] });
  for (const [account, scheme] of [
    [undefined, /^CNC-HMAC-SHA256 /],
    ['main', /^CNC-HMAC-SHA256 /],
    ['reports', /^Basic /],
  ] as const) {
    const headers = { ...MINE, ...(account === undefined ? {} : { 'X-Gateway-Account': account }) };
    t.equal((await send(gateway.url, { target: '/a', headers })).status, 200);
    const request = upstream.requests.at(-1);
    if (request === undefined) return void t.fail('nothing arrived');
    t.match(valuesOf(request, 'authorization'), [scheme]);
    t.strictSame(valuesOf(request, 'x-gateway-account'), []);
    t.notMatch(request.bytes.toString('latin1'), TOKEN);
  }
});

t.test('an override is allowed or not as the method that is sent', async (t) => {
  const consumer = { ...CONSUMER, allow: ['POST /a'] };
  const { upstream, gateway } = await startForwarding(t, { anonymous: false, consumers: [consumer] });
  const call = (headers: Record<string, string>) => send(gateway.url, { method: 'POST', target: '/a', headers });
  t.equal((await call({ ...MINE, 'x-http-method-override': 'DISABLE' })).status, 403);
  t.equal(upstream.bytesReceived(), 0);
  t.equal((await call(MINE)).status, 200);
});

t.test('without consumers a token of somebody else is dropped like any credential', async (t) => {
  const { upstream, gateway } = await startForwarding(t);
  t.equal((await send(gateway.url, { target: '/a', headers: MINE })).status, 200);
  t.notMatch(upstream.requests[0]?.bytes.toString('latin1'), TOKEN);
});
