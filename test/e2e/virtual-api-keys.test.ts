// Clients of the vendor's other scheme, which proves the date alone.
import t from 'tap';
import { basic, bytesOf, exchange } from '../support/sdk-client.ts';
import { API, startWithKeys } from '../support/virtual-keys.ts';

function basicCall(headers: readonly (readonly [string, string])[], host: string): Buffer {
  const all = [['Host', host], ['Accept', 'application/json'], ...headers] as (readonly [string, string])[];
  return bytesOf({ method: 'GET', target: '/api/domain', headers: all, body: '' });
}

t.test('a virtual API key is let through with Date or x-cnc-date, as often as it likes', async (t) => {
  const { sandbox, gateway, host } = await startWithKeys(t);
  for (const name of ['Date', 'x-cnc-date', 'Date']) {
    const answer = await exchange(gateway.url, basicCall(basic(API, { at: Date.now(), name }), host));
    t.equal(answer.status, 200, answer.body);
    t.match(gateway.log.at(-1), { consumer: 'script' });
  }
  t.match(sandbox.report(), { verified: 3, leakedHeaders: {} });
});

for (const [what, headers] of [
  ['a wrong key', () => basic({ ...API, secret: 'x'.repeat(32) }, { at: Date.now() })],
  ['an unknown user name', () => basic({ ...API, id: 'nobody' }, { at: Date.now() })],
  ['a date of 6 minutes ago', () => basic(API, { at: Date.now() - 360_000 })],
  ['a date in 6 minutes', () => basic(API, { at: Date.now() + 360_000 })],
  [
    'another date',
    () =>
      basic(API, { at: Date.now() }).map(
        ([name, value]) => [name, name === 'Date' ? new Date(Date.now() - 60_000).toUTCString() : value] as const,
      ),
  ],
  ['no date', () => basic(API, { at: Date.now() }).slice(1)],
  ['two dates', () => [...basic(API, { at: Date.now() }), ['Date', new Date().toUTCString()] as const]],
  [
    'the plain key as password',
    () => [
      ['Date', new Date().toUTCString()] as const,
      ['Authorization', `Basic ${btoa(`${API.id}:${API.secret}`)}`] as const,
    ],
  ],
  ['no base64', () => [['Date', new Date().toUTCString()] as const, ['Authorization', 'Basic !'] as const]],
] as const) {
  t.test(`a virtual API key with ${what}: 401, nothing is sent`, async (t) => {
    const { sandbox, gateway, host } = await startWithKeys(t);
    t.equal((await exchange(gateway.url, basicCall(headers(), host))).status, 401);
    t.equal(sandbox.report().arrivals, 0);
    t.notMatch(gateway.logText(), API.secret);
  });
}
