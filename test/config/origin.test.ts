import fc from 'fast-check';
import t from 'tap';
import { Unusable } from '../../src/config/mistakes.ts';
import { parseOrigin } from '../../src/config/origin.ts';

for (const [text, origin] of [
  ['https://api.cdnetworks.com', 'https://api.cdnetworks.com'],
  ['HTTPS://API.CDNetworks.com:443/', 'https://api.cdnetworks.com'],
  ['https://api.cdnetworks.com:8443', 'https://api.cdnetworks.com:8443'],
  ['http://127.0.0.1:80', 'http://127.0.0.1'],
  ['http://127.8.9.10:3000', 'http://127.8.9.10:3000'],
  ['http://LOCALHOST:3000', 'http://localhost:3000'],
  ['http://[0:0:0:0:0:0:0:1]:3000', 'http://[::1]:3000'],
] as const) {
  t.test(`${text} is the origin ${origin}`, async (t) => {
    t.equal(parseOrigin(text), origin);
  });
}

for (const text of [
  '',
  'api.cdnetworks.com',
  'api.cdnetworks.com:443',
  'ftp://127.0.0.1',
  'https://',
  'https:api.cdnetworks.com',
  'https:\\\\api.cdnetworks.com',
  ' https://api.cdnetworks.com',
  'https://api.cdnetworks.com\n',
  'https://api.cdnetworks.com/v1',
  'https://api.cdnetworks.com//',
  'https://api.cdnetworks.com?',
  'https://api.cdnetworks.com#',
  'https://@api.cdnetworks.com',
  'https://user@api.cdnetworks.com',
  'https://api.cdnetworks.com:99999',
  'http://api.cdnetworks.com',
  'http://127.0.0.1.cdnetworks.com',
  'http://localhost.cdnetworks.com',
  'http://128.0.0.1',
  'http://[::2]',
  'http://0.0.0.0',
]) {
  t.test(`${JSON.stringify(text)} is refused, unquoted`, async (t) => {
    t.throws(() => parseOrigin(text), Unusable);
  });
}

t.test('an origin reads the same when it is read again', async () => {
  fc.assert(
    fc.property(fc.webAuthority({ withPort: true }), (authority) => {
      const origin = parseOrigin(`https://${authority}`);
      return origin === origin.toLowerCase() && parseOrigin(origin) === origin;
    }),
  );
});
