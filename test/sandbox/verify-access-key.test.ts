import fc from 'fast-check';
import t from 'tap';
import type { Arrival } from '../../src/sandbox/arrival.ts';
import type { Keyring } from '../../src/sandbox/keyring.ts';
import { accessKeyHeaders } from './client-request.ts';
import { arrivalOf, freshKeyring, verdict } from './verdict.ts';

const SECRET = { accessKey: 'an-access-key', secretKey: 'its-secret-key' };
const NOW_S = 1_700_000_000;
const HOST = 'api.cdnetworks.com';

function causeOf(arrival: Arrival, keyring: Keyring, seconds = NOW_S): string {
  return verdict(arrival, keyring, seconds);
}

t.test('takes the signature in upper-case hex, as the published sample sends it, but not in both cases', async (t) => {
  const keys = freshKeyring(SECRET);
  const headers = accessKeyHeaders({ target: '/x', host: HOST, timestamp: String(NOW_S), ...SECRET });
  const authorization = headers['authorization']?.replace(/[0-9a-f]{64}$/, (hex) => hex.toUpperCase()) ?? '';
  t.equal(causeOf(arrivalOf({ target: '/x', headers: { ...headers, authorization } }), keys), 'accepted');
  t.equal(causeOf(arrivalOf({ target: '/x', headers }), keys), 'replay');
});

t.test('refuses a timestamp that is more than 5 minutes away on either side', async (t) => {
  const headers = accessKeyHeaders({ target: '/x', host: HOST, timestamp: String(NOW_S), ...SECRET });
  for (const [offset, outcome] of [
    [-301, 'stale'],
    [-300, 'accepted'],
    [300, 'accepted'],
    [301, 'stale'],
  ] as const) {
    t.equal(
      causeOf(arrivalOf({ target: '/x', headers }), freshKeyring(SECRET), NOW_S + offset),
      outcome,
      `${offset} s`,
    );
  }
});

t.test('refuses the same signature twice, also when only the query of a POST differs', async (t) => {
  const keys = freshKeyring(SECRET);
  const headers = accessKeyHeaders({ method: 'POST', target: '/x', host: HOST, timestamp: String(NOW_S), ...SECRET });
  t.equal(causeOf(arrivalOf({ method: 'POST', target: '/x?a=1', headers }), keys), 'accepted');
  t.equal(causeOf(arrivalOf({ method: 'POST', target: '/x?a=2', headers }), keys), 'replay');
});

t.test('a refused request does not use its signature up', async (t) => {
  const keys = freshKeyring(SECRET);
  const headers = accessKeyHeaders({ target: '/x', host: HOST, timestamp: String(NOW_S), ...SECRET });
  t.equal(causeOf(arrivalOf({ target: '/y', headers }), keys), 'bad-signature');
  t.equal(causeOf(arrivalOf({ target: '/x', headers }), keys), 'accepted');
});

t.test('says what is wrong with the form of the credentials', async (t) => {
  const good = accessKeyHeaders({ target: '/x', host: HOST, timestamp: String(NOW_S), ...SECRET });
  const authorization = good['authorization'] ?? '';
  const cases: readonly (readonly [string, Record<string, string>])[] = [
    ['malformed', { 'x-cnc-accesskey': 'another' }],
    ['malformed', { 'x-cnc-auth-method': 'BASIC' }],
    ['malformed', { 'x-cnc-timestamp': '1700000000.5' }],
    ['malformed', { authorization: authorization.replace(', ', ',') }],
    ['malformed', { authorization: authorization.replace('content-type;host', 'host') }],
    ['malformed', { authorization: `${authorization}00` }],
    ['unknown-key', { 'x-cnc-accesskey': 'x', authorization: authorization.replace('an-access-key', 'x') }],
    [
      'unknown-key',
      { 'x-cnc-accesskey': '__proto__', authorization: authorization.replace('an-access-key', '__proto__') },
    ],
    ['ambiguous', { authorization: authorization.replace('content-type;host', 'host;content-type') }],
  ];
  for (const [cause, change] of cases) {
    t.equal(
      causeOf(arrivalOf({ target: '/x', headers: { ...good, ...change } }), freshKeyring(SECRET)),
      cause,
      JSON.stringify(change),
    );
  }
  for (const name of ['x-cnc-accesskey', 'x-cnc-timestamp', 'x-cnc-auth-method', 'content-type', 'host']) {
    const { [name]: _missing, ...rest } = good;
    t.equal(causeOf(arrivalOf({ target: '/x', headers: rest }), freshKeyring(SECRET)), 'malformed', `without ${name}`);
  }
});

const word = fc.stringMatching(/^[a-z0-9._~-]{1,12}$/);
const segment = word.filter((text) => text !== '.' && text !== '..');
const signedRequest = fc.record({
  method: fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'PATCH'),
  path: fc.array(segment, { minLength: 1, maxLength: 4 }).map((segments) => `/${segments.join('/')}`),
  query: fc
    .array(fc.tuple(word, word), { minLength: 1, maxLength: 3 })
    .map((pairs) => pairs.map((p) => p.join('=')).join('&')),
  body: fc.string({ minLength: 1, maxLength: 60, unit: 'grapheme-ascii' }),
});

t.test('a change to any one byte that the signature covers is refused', async () => {
  const parts = fc.constantFrom('path', 'query', 'body', 'timestamp', 'signature', 'content-type', 'host');
  const changeOne = fc.property(
    signedRequest,
    parts,
    fc.nat(),
    fc.integer({ min: 1, max: 15 }),
    (request, part, index, by) => {
      const { method, path, query } = request;
      // A GET with a body is refused whatever its signature.
      fc.pre(!(method === 'GET' && part === 'body'));
      const body = method === 'GET' ? '' : request.body;
      const signed = { method, target: `${path}?${query}`, host: HOST, body, timestamp: String(NOW_S), ...SECRET };
      const good = accessKeyHeaders(signed);
      const [scheme, signature] = [good['authorization']?.slice(0, -64), good['authorization']?.slice(-64) ?? ''];
      const change = (name: string, text: string) => (name === part ? changeByte(text, index, by) : text);
      const changed = arrivalOf({
        method,
        target: `${change('path', path)}?${change('query', query)}`,
        headers: {
          ...good,
          host: change('host', HOST),
          'content-type': change('content-type', 'application/json'),
          'x-cnc-timestamp': change('timestamp', String(NOW_S)),
          authorization: `${scheme}${change('signature', signature)}`,
        },
        body: change('body', body),
      });
      const isCovered = !(part === 'query' && method === 'POST');
      const keys = freshKeyring(SECRET);
      const outcomes = [causeOf(changed, keys), causeOf(arrivalOf({ ...signed, headers: good }), keys)];
      // What isn't covered gets through, but uses the signature up.
      return isCovered
        ? outcomes[0] !== 'accepted' && outcomes[1] === 'accepted'
        : outcomes.join() === 'accepted,replay';
    },
  );
  fc.assert(changeOne, { numRuns: 500 });
});

/** Replaces one ASCII character by another that means something else, also in hex where case means nothing. */
function changeByte(text: string, index: number, by: number): string {
  const position = index % text.length;
  const digit = Number.parseInt(text.charAt(position), 16);
  const other = Number.isNaN(digit) ? '0' : ((digit + by) % 16).toString(16);
  return text.slice(0, position) + other + text.slice(position + 1);
}
