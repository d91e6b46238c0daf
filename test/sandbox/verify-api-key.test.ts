import { readFileSync } from 'node:fs';
import t from 'tap';
import { headerLines, toArrival } from '../../src/sandbox/arrival.ts';
import { DEMO_API_KEY, DEMO_USERNAME } from '../../src/sandbox/demo-credentials.ts';
import { Refusal } from '../../src/sandbox/refusal.ts';
import { ReplayLog } from '../../src/sandbox/replay-log.ts';
import { verify } from '../../src/sandbox/verify.ts';
import { apiKeyHeaders } from './client-request.ts';

interface Vector {
  readonly name: string;
  readonly input: {
    readonly headers: Readonly<Record<string, string>>;
    readonly date: string;
    readonly username: string;
    readonly apiKey: string;
    readonly hash?: string;
  };
  readonly expected: { readonly authorization: string };
}

const vectors: readonly Vector[] = JSON.parse(readFileSync(new URL('../vectors/apikey.json', import.meta.url), 'utf8'));

/** Dates that are not in the one form the vendor's page gives, and a username that Basic can't carry. */
const MALFORMED = ['unpadded-day-differs', 'lowercase-gmt-differs', 'date-R-plus0000'];
const UNKNOWN = ['user-with-colon'];

const DATE = 'Thu, 17 May 2012 19:37:58 GMT';

function outcomeOf(
  headers: Record<string, string>,
  { username = DEMO_USERNAME, apiKey = DEMO_API_KEY, wallMs = Date.parse(DATE) } = {},
): string {
  const keyring = { accessKeys: new Map(), apiKeys: new Map([[username, apiKey]]), replays: new ReplayLog() };
  const lines = headerLines(Object.entries(headers).flat());
  const arrival = toArrival({ method: 'GET', target: '/api/domain', headers: lines, body: Buffer.alloc(0) });
  try {
    return `accepted ${verify(arrival, keyring, { wallMs, monotonicMs: 0 })}`;
  } catch (error) {
    return error instanceof Refusal && error.status === 401 ? error.cause : `unexpected: ${error}`;
  }
}

t.test('accepts what the published samples compute, and only the date form that the vendor gives', async (t) => {
  const sha1 = vectors.filter(({ input }) => input.hash === 'SHA1');
  t.ok(sha1.length >= 14, 'the vectors are there');
  for (const { name, input, expected } of sha1) {
    const headers = { ...input.headers, authorization: expected.authorization };
    const outcome = outcomeOf(headers, { ...input, wallMs: Date.parse(input.date) });
    const other = MALFORMED.includes(name) ? 'malformed' : 'unknown-key';
    t.equal(outcome, [...MALFORMED, ...UNKNOWN].includes(name) ? other : `accepted ${input.username}`, name);
  }
});

t.test('refuses the SHA-256 variant, which no page of the vendor describes', async (t) => {
  for (const { name, input, expected } of vectors.filter(({ input }) => input.hash === 'SHA256')) {
    const headers = { ...input.headers, authorization: expected.authorization };
    t.equal(outcomeOf(headers, { ...input, wallMs: Date.parse(input.date) }), 'bad-signature', name);
  }
});

t.test('accepts one value for many requests while its date is at most 5 minutes away', async (t) => {
  const headers = apiKeyHeaders({ date: DATE });
  const accepted = `accepted ${DEMO_USERNAME}`;
  for (const [offsetMs, outcome] of [
    [-300_001, 'stale'],
    [-300_000, accepted],
    [0, accepted],
    [300_000, accepted],
    [300_001, 'stale'],
  ] as const) {
    t.equal(outcomeOf(headers, { wallMs: Date.parse(DATE) + offsetMs }), outcome, `${offsetMs} ms`);
  }
});

t.test('refuses two dates, no date, another method and what is not base64', async (t) => {
  const good = apiKeyHeaders({ date: DATE });
  const { date: _date, ...dateless } = good;
  t.equal(outcomeOf({ ...good, 'x-cnc-date': DATE }), 'malformed');
  t.equal(outcomeOf(dateless), 'malformed');
  t.equal(outcomeOf({ ...good, 'x-cnc-auth-method': 'AKSK' }), 'malformed');
  t.match(outcomeOf({ ...good, 'x-cnc-auth-method': 'BASIC' }), 'accepted');
  t.equal(outcomeOf({ ...good, authorization: `${good['authorization']} ` }), 'malformed');
  t.equal(outcomeOf({ ...good, authorization: 'Basic bm8gY29sb24=' }), 'malformed');
});

t.test('refuses a password for another second', async (t) => {
  const headers = { ...apiKeyHeaders({ date: DATE }), date: 'Thu, 17 May 2012 19:37:59 GMT' };
  t.equal(outcomeOf(headers), 'bad-signature');
});

t.test('refuses who shows nothing, or shows something else', async (t) => {
  t.equal(outcomeOf({ date: DATE }), 'no-credentials');
  t.equal(outcomeOf({ authorization: 'Bearer abc', date: DATE }), 'malformed');
});
