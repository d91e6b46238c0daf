import fc from 'fast-check';
import t from 'tap';
import { GatewayError } from '../../src/errors.ts';
import { decodeQuery, parseTarget } from '../../src/signing/target.ts';

function refused(raw: string): string {
  try {
    parseTarget(raw);
  } catch (error) {
    if (error instanceof GatewayError && error.code === 'request-invalid') return error.message;
    throw error;
  }
  return '';
}

const normal: [why: string, raw: string, path: string, query: string, matchPath: string][] = [
  ['a plain target stays', '/api/domain?x=1', '/api/domain', 'x=1', '/api/domain'],
  ['the order, repeated names and empty values stay', '/a?b=2&a=1&b=&c', '/a', 'b=2&a=1&b=&c', '/a'],
  ['a plus sign is a space', '/a?x=a+b', '/a', 'x=a%20b', '/a'],
  ['an escaped plus sign stays one', '/a?x=%2B', '/a', 'x=%2B', '/a'],
  ['a second question mark is escaped', '/a?x=1?y', '/a', 'x=1%3Fy', '/a'],
  ['a bare question mark is dropped', '/a?', '/a', '', '/a'],
  ['an escaped letter is the letter', '/api/%64omain', '/api/domain', '', '/api/domain'],
  ['escapes get upper-case digits', '/a%c3%a9', '/a%C3%A9', '', '/aé'],
  ['characters with no place in a URI are escaped', '/a"b?q={"k":1}', '/a%22b', 'q=%7B%22k%22:1%7D', '/a"b'],
  ['text beyond ASCII is escaped as UTF-8', '/é?q=网', '/%C3%A9', 'q=%E7%BD%91', '/é'],
  ['a final slash is sent, and not matched', '/api/domain/', '/api/domain/', '', '/api/domain'],
  ['the root is matched', '/', '/', '', '/'],
  ['an escaped percent sign is one', '/a%25zz', '/a%25zz', '', '/a%zz'],
  ["slashes in a query are nobody's segments", '/a?u=//x/%252f/%EF%BC%8F', '/a', 'u=//x/%252f/%EF%BC%8F', '/a'],
  ['path parameters are sent, and not matched', '/api/domain;v=1/x', '/api/domain;v=1/x', '', '/api/domain/x'],
  ['three dots are a name', '/a/...', '/a/...', '', '/a/...'],
  ['a slash may be escaped in a query', '/a?u=http%3A%2F%2Fx', '/a', 'u=http%3A%2F%2Fx', '/a'],
];

for (const [why, raw, path, query, matchPath] of normal) {
  t.test(why, async (t) => {
    t.strictSame(parseTarget(raw), { path, query, matchPath });
  });
}

const invalid = [
  '',
  '*',
  'api',
  'http://evil.example/x',
  '//evil.example/x',
  '/a#b',
  '/a?b#c',
  '/%zz',
  '/%',
  '/%4',
  '/a?x=%',
  '/a?x=100%',
  '/a/../b',
  '/a/./b',
  '/..',
  '/a/%2e%2e/b',
  '/a/.%2E/b',
  '/a/..;/b',
  '/a/..;x=1/b',
  '/a%2Fb',
  '/a%2fb',
  '/a\\b',
  '/a%5cb',
  '/a/..%2fb',
  '/a%00',
  '/a%0Ab',
  '/a%7F',
  '/%ff',
  '/a?x=%ff',
  '/a?x=%C3',
  '/\u0001',
  '/a?\u0001',
  '/\ud800',
  '/a\\..\\b',
  '/a//b',
  '/a//',
  '/a/%2525/b',
  '/a/%252e%252e/b',
  '/a%252fb',
  '/a%252Fb',
  '/a%255cb',
  '/a%253bb',
  '/a%2500b',
  '/%25%32%65',
  '/a/%EF%BC%8E%EF%BC%8E/b',
  '/a/．．/b',
  '/a%EF%BC%8Fb',
  '/a%ef%bc%8fb',
  '/a／b',
  '/a＼b',
  '/a；b',
  '/a％2fb',
  '/a⁄b',
  '/a∕b',
  '/a․․b',
  '/a…b',
];

for (const raw of invalid) {
  t.test(`refuses ${JSON.stringify(raw)} with a reason`, async (t) => {
    t.not(refused(raw), '');
  });
}

t.test('a plus sign is what the signature takes it for, in the query alone', async (t) => {
  t.strictSame(parseTarget('/a+b?q=1+1&p=%2B%20', { plus: 'plus' }), {
    path: '/a+b',
    query: 'q=1%2B1&p=%2B%20',
    matchPath: '/a+b',
  });
  t.match(parseTarget('/a?q=1+1', { plus: 'space' }), { query: 'q=1%201' });
});

t.test('a path in any script is taken, unless a letter of it hides a delimiter', async (t) => {
  for (const name of ['网站', 'café', 'ｐｕｒｇｅ', '例え。jp', '😀']) {
    t.equal(parseTarget(`/a/${encodeURIComponent(name)}`).matchPath, `/a/${name}`);
  }
});

t.test('whatever the target, it is refused with a reason or has a normal form that parses to itself', async () => {
  const piece = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 6 }),
    fc.constantFrom(
      '/',
      '//',
      '.',
      '..',
      ';',
      '?',
      '&',
      '=',
      '+',
      '%',
      '%2F',
      '%5C',
      '%2e',
      '%41',
      '%C3%A9',
      '%25',
      '%EF%BC%8F',
      '%ff',
      '#',
      ' ',
      '"',
    ),
  );
  const target = fc.array(piece, { maxLength: 12 }).map((pieces) => `/${pieces.join('')}`);
  fc.assert(
    fc.property(target, (raw) => {
      if (refused(raw) !== '') return;
      const { path, query, matchPath } = parseTarget(raw);
      const sent = query === '' ? path : `${path}?${query}`;
      if (!/^[A-Za-z0-9\-._~!$&'()*+,;=:@/%?]+$/.test(sent)) throw new Error(`not RFC 3986: ${sent}`);
      if (query.includes('+') || query.includes('?') || sent.includes('#')) throw new Error(`ambiguous: ${sent}`);
      decodeQuery(query);
      const again = parseTarget(sent);
      if (again.path !== path || again.query !== query || again.matchPath !== matchPath) throw new Error(sent);
      const segments = (text: string) => text.replace(/(?<=.)\/$/, '').split('/').length;
      if (segments(path) !== segments(matchPath)) throw new Error(`not the path that is matched: ${sent}`);
      if (/(^|\/)\.{1,2}(\/|$)/.test(matchPath) || matchPath.includes('//')) throw new Error(matchPath);
    }),
    { numRuns: 5000 },
  );
});
