import { gunzipSync } from 'node:zlib';
import t from 'tap';
import { encode } from '../../src/sandbox/answer.ts';
import { headerLines } from '../../src/sandbox/arrival.ts';

const BIG = { code: '0', data: 'x'.repeat(2000) };

function encoded(body: object, ...asked: string[]) {
  return encode({ status: 200, headers: { location: '/x' }, body }, headerLines(asked));
}

t.test('writes JSON unless XML alone is asked for', async (t) => {
  for (const accept of ['application/json', '*/*', 'application/xml, application/json']) {
    t.equal(encoded({ a: 1 }, 'accept', accept).headers['content-type'], 'application/json', accept);
  }
  const { headers, bytes } = encoded(
    { code: 'A&B', list: [1, '<'], none: null, in: { a: true } },
    'accept',
    'application/xml',
  );
  t.same(headers, { location: '/x', 'content-type': 'application/xml' });
  t.equal(
    String(bytes),
    '<?xml version="1.0" encoding="UTF-8"?>\n<response><code>A&#38;B</code><list><item>1</item><item>&#60;</item></list>' +
      '<none></none><in><a>true</a></in></response>',
  );
});

t.test('zips what is over 1 KiB for who takes gzip', async (t) => {
  const { headers, bytes } = encoded(BIG, 'accept-encoding', 'br, gzip;q=0.8');
  t.equal(headers['content-encoding'], 'gzip');
  t.same(JSON.parse(String(gunzipSync(bytes))), BIG);
  t.notOk(encoded({ a: 1 }, 'accept-encoding', 'gzip').headers['content-encoding'], 'small');
  for (const codings of ['br', 'identity', 'gzip;q=0', 'x-gzip']) {
    t.notOk(encoded(BIG, 'accept-encoding', codings).headers['content-encoding'], codings);
  }
});

t.test('an answer without a body has no content-type', async (t) => {
  t.same(encode({ status: 204 }, headerLines([])), { status: 204, headers: {}, bytes: Buffer.alloc(0) });
});
