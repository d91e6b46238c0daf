// A virtual API key proves a date, for five minutes either way.
import t from 'tap';
import { Secret } from '../../src/catalog/secret.ts';
import { claimApiKey } from '../../src/identify/api-key.ts';
import { NotIdentified } from '../../src/identify/presented.ts';
import { basic } from '../support/sdk-client.ts';

const AT = Date.UTC(2027, 0, 15, 8, 0, 0);
const API = { id: 'script', secret: 'api-key-of-the-script-0123456789' };
const consumers = [
  {
    name: 'script',
    apiKey: { username: API.id, apiKey: new Secret(API.secret) },
    accounts: ['main'],
    allow: ['*'],
  },
];

/** The name of who has presented these headers, or why that is not known. */
function claim(headers: readonly (readonly [string, string])[], at: number): string {
  const presented = {
    method: 'POST',
    target: '/',
    rawHeaders: headers.flat(),
    peer: '127.0.0.1',
    certificate: () => undefined,
  };
  const authorization = headers.find(([name]) => name === 'Authorization')?.[1] ?? '';
  try {
    const { consumer, proof } = claimApiKey(authorization, { presented, consumers, at });
    return proof === undefined ? consumer.name : 'to be proven';
  } catch (error) {
    if (error instanceof NotIdentified) return error.reason;
    throw error;
  }
}

t.test('a date is good from five minutes before it to five minutes after it, to the millisecond', async (t) => {
  for (const name of ['Date', 'x-cnc-date']) {
    const headers = basic(API, { at: AT, name });
    for (const off of [-300_000, 0, 300_000]) t.equal(claim(headers, AT + off), 'script', `${name} ${off}`);
    for (const off of [-300_001, 300_001]) t.equal(claim(headers, AT + off), 'stale', `${name} ${off}`);
  }
});

t.test('the date that counts is the one that is signed: x-cnc-date, if both are there', async (t) => {
  const current: [string, string] = ['Date', new Date(AT).toUTCString()];
  const old = basic(API, { at: AT - 3_600_000, name: 'x-cnc-date' });
  t.equal(claim([current, ...old], AT), 'stale');
  const [, authorization] = basic(API, { at: AT });
  if (authorization === undefined) throw new Error('no Authorization');
  t.equal(claim([current, ['x-cnc-date', new Date(AT - 1000).toUTCString()], authorization], AT), 'signature');
});

t.test('a password that is longer, shorter or other by a character is wrong', async (t) => {
  const [date, authorization] = basic(API, { at: AT });
  if (date === undefined || authorization === undefined) throw new Error('two headers');
  const pair = Buffer.from(authorization[1].slice('Basic '.length), 'base64').toString();
  for (const other of [`${pair}=`, pair.slice(0, -1), `${pair.slice(0, -2)}!=`, `${API.id}:`]) {
    t.equal(claim([date, ['Authorization', `Basic ${btoa(other)}`]], AT), 'signature', other.slice(-4));
  }
});
