import fc from 'fast-check';
import t from 'tap';
import { parseTarget } from '../../src/signing/target.ts';
import { targetOf, toUpstreamRequest } from '../../src/signing/upstream-request.ts';

function built(contentType: string | undefined, method = 'POST', body?: Buffer) {
  return toUpstreamRequest({
    method,
    target: parseTarget('/api/x?y=1'),
    origin: 'https://api.cdnetworks.com:8443',
    headers: contentType === undefined ? {} : { 'content-type': contentType },
    body,
  });
}

t.test('host is that of the origin, with its port, whatever the caller said', async (t) => {
  const request = toUpstreamRequest({
    method: 'GET',
    target: parseTarget('/a?b'),
    origin: 'https://api.cdnetworks.com',
    headers: { host: 'evil.example' },
  });
  t.equal(request.headers['host'], 'api.cdnetworks.com');
  t.equal(built(undefined).headers['host'], 'api.cdnetworks.com:8443');
  t.equal(targetOf(request), '/a?b');
});

t.test('content-type is lower case and trimmed, but for a multipart boundary; JSON if there is none', async (t) => {
  for (const [sent, expected] of [
    [undefined, 'application/json'],
    ['', 'application/json'],
    [' Application/JSON ', 'application/json'],
    ['application/json; Charset=UTF-8', 'application/json; charset=utf-8'],
    ['Multipart/Form-Data; Boundary=AbC; Charset=UTF-8', 'multipart/form-data; boundary=AbC; charset=utf-8'],
    ['multipart/form-data; boundary="A b;C"', 'multipart/form-data; boundary="A b;C"'],
    ['multipart/form-data; x-Boundary=AB', 'multipart/form-data; x-boundary=ab'],
    ['application/json; boundary=AB', 'application/json; boundary=ab'],
    ['text/plain;\tcharset=UTF-8', 'text/plain; charset=utf-8'],
  ] as const) {
    t.equal(built(sent).headers['content-type'], expected);
  }
  t.throws(() => built('text/plain; x=é'), { code: 'request-invalid' });
  t.throws(() => built('multipart/form-data; boundary=AB; boundary=CD'), { code: 'request-invalid' });
});

t.test('GET and HEAD have no body', async (t) => {
  t.throws(() => built(undefined, 'GET', Buffer.from('x')), { code: 'request-invalid' });
  t.throws(() => built(undefined, 'HEAD', Buffer.from('x')), { code: 'request-invalid' });
  t.equal(built(undefined, 'GET', Buffer.alloc(0)).body.length, 0);
});

t.test('what is signed is frozen', async (t) => {
  const request = built(undefined);
  t.ok(Object.isFrozen(request) && Object.isFrozen(request.headers));
});

t.test('a content-type that is sent once stays as it is when it is sent again', async () => {
  fc.assert(
    fc.property(
      fc.string({ maxLength: 40 }).map((text) => text.replace(/[^\t -~]/g, '')),
      (contentType) => {
        const once = built(contentType).headers['content-type'];
        return built(once).headers['content-type'] === once;
      },
    ),
  );
});
