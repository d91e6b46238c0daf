// Who fails to say who it is, again and again.
import { hash } from 'node:crypto';
import t from 'tap';
import { Secret } from '../../src/catalog/secret.ts';
import { send } from '../sandbox/client-answer.ts';
import { bytesOf, exchange, go } from '../support/sdk-client.ts';
import { CONSUMERS, GET, KEYS, now, POST, startWithKeys } from '../support/virtual-keys.ts';

const TOKEN = 'the-token-of-the-purge-bot-0123456789';
const BOT = { name: 'purge-bot', tokenSha256: hash('sha256', TOKEN), accounts: ['main'], allow: ['*'] };
const RIGHT = { authorization: `Bearer ${TOKEN}` };
const WRONG = { authorization: `Bearer ${TOKEN}x` };
const FORGED = { ...KEYS, secret: 'x'.repeat(32) };

t.test('the 21st wrong token in a minute is told to wait, and a right one is never kept out', async (t) => {
  const { sandbox, gateway } = await startWithKeys(t, { consumers: [...CONSUMERS, BOT] });
  const call = (headers: Record<string, string>) => send(gateway.url, { target: '/api/domain', headers });
  for (let n = 0; n < 20; n += 1) t.equal((await call(WRONG)).status, 401);
  for (let n = 0; n < 3; n += 1) {
    const { status, headers, bytes } = await call(WRONG);
    t.equal(status, 429);
    t.equal(headers['x-gateway-error'], 'authentication-limited');
    t.ok(Number(headers['retry-after']) > 50 && Number(headers['retry-after']) <= 60);
    t.match(JSON.parse(bytes.toString()), {
      code: 'authentication-limited',
      message: /token is not one.*try again in/,
    });
  }
  t.equal((await call({})).status, 429, 'nor is who presents nothing');
  t.equal((await call(RIGHT)).status, 200);
  t.equal(sandbox.report().arrivals, 1);

  const metrics = await (await fetch(`${gateway.admin}/metrics`)).text();
  t.match(metrics, /authentication_failures_total\{scheme="bearer",reason="unknown"\} 23/);
  t.match(metrics, /authentication_failures_total\{scheme="none",reason="missing"\} 1/);
  t.notMatch(gateway.logText(), TOKEN);
});

t.test('a wrong key is told to wait, and keeps neither the right one nor any other out', async (t) => {
  const other = { id: 'vk-other', secret: 'secret-of-another-0123456789' };
  const accessKey = { id: other.id, secretKey: new Secret(other.secret) };
  const { sandbox, gateway, host } = await startWithKeys(t, { consumers: [...CONSUMERS, { ...BOT, accessKey }] });
  const call = async (keys: typeof KEYS, timestamp: number, made = POST) =>
    exchange(gateway.url, bytesOf(go(host, keys, { ...made, timestamp })));
  for (let n = 0; n < 20; n += 1) t.equal((await call(FORGED, now() - n)).status, 401);
  t.equal((await call(FORGED, now())).status, 429);
  t.match(gateway.log.at(-1), { reason: 'authentication-limited', detail: String });
  t.equal((await call(FORGED, now(), GET)).status, 429);
  t.equal((await call(KEYS, now() - 30)).status, 200);
  t.equal((await call(KEYS, now() - 31, GET)).status, 200);
  t.equal((await send(gateway.url, { target: '/api/domain', headers: RIGHT })).status, 200);
  t.equal((await call(other, now())).status, 200);
  t.equal((await call({ ...KEYS, id: 'vk-nobody' }, now())).status, 401, 'others from there are still told why');
  t.equal(sandbox.report().arrivals, 4);
  const metrics = await (await fetch(`${gateway.admin}/metrics`)).text();
  t.match(metrics, /authentication_failures_total\{scheme="access-key",reason="signature"\} 22/);
});

t.test('a clock that is off is told of, and keeps nobody out', async (t) => {
  const { gateway, host } = await startWithKeys(t);
  for (let n = 0; n < 25; n += 1) {
    const { status, body } = await exchange(
      gateway.url,
      bytesOf(go(host, KEYS, { ...GET, timestamp: now() - 400 - n })),
    );
    t.equal(status, n < 20 ? 401 : 429);
    t.match(body, /more than 5 minutes off/);
  }
  t.equal((await exchange(gateway.url, bytesOf(go(host, KEYS, { ...GET, timestamp: now() })))).status, 200);
});

t.test('keys that nobody has are counted by address, so that no number of them fills the memory', async (t) => {
  const { gateway, host } = await startWithKeys(t);
  const statuses: number[] = [];
  for (let n = 0; n < 25; n += 1) {
    const call = go(host, { ...KEYS, id: `vk-${n}` }, { ...GET, timestamp: now() });
    statuses.push((await exchange(gateway.url, bytesOf(call))).status);
  }
  t.strictSame(statuses, [...Array(20).fill(401), ...Array(5).fill(429)]);
  t.equal((await exchange(gateway.url, bytesOf(go(host, KEYS, { ...GET, timestamp: now() })))).status, 200);
});
