// Bodies are bytes: what a caller sends is what the vendor gets, and the other way round.
import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import t from 'tap';
import { request as undiciRequest } from 'undici';
import { send, sendRaw } from '../sandbox/client-answer.ts';
import { startForwarding } from '../support/forwarding.ts';
import { LIMITS } from '../support/gateway.ts';
import { httpAnswer, valuesOf } from '../support/raw-upstream.ts';

const BODIES: readonly (readonly [what: string, contentType: string, body: Buffer])[] = [
  ['big integers', 'application/json', Buffer.from('{"n":12345678901234567890,"f":1.0,"e":1E400}')],
  ['escapes', 'application/json', Buffer.from('{"s":"\\u00e9\\/\\ud83d"}')],
  ['space and order', 'application/json', Buffer.from(' {"b" : 1,\r\n\t"a":2, "b":3}\n')],
  ['what is no JSON', 'application/json', Buffer.from('{"open')],
  ['a byte order mark', 'application/json; charset=utf-8', Buffer.from('\ufeff{}')],
  ['text that is no UTF-8', 'text/plain', Buffer.from([0xff, 0xfe, 0x80])],
  ['text in another charset', 'text/plain; charset=gbk', Buffer.from([0xd6, 0xd0])],
  ['every byte', 'application/octet-stream', Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))],
  ['a form', 'application/x-www-form-urlencoded', Buffer.from('a=1&b=%zz+')],
  ['gzip', 'application/json', gzipSync('{"inside":1}')],
  ['10 MiB', 'application/octet-stream', randomBytes(LIMITS.bodyBytes)],
];

for (const [what, contentType, body] of BODIES) {
  t.test(`${what} (${contentType}) is the same behind the gateway, there and back`, async (t) => {
    const { upstream, gateway } = await startForwarding(t);
    upstream.answerWith(httpAnswer('200 OK', { 'content-type': contentType }, body));
    const headers = { 'content-type': contentType };
    const answer = await send(gateway.url, { method: 'POST', target: '/a', headers, body });
    const [arrived] = upstream.requests;
    t.ok(arrived?.body.equals(body), 'there');
    t.strictSame(arrived && valuesOf(arrived, 'content-type'), [contentType]);
    t.ok(answer.bytes.equals(body), 'back');
    t.equal(answer.headers['content-type'], contentType);
    t.equal(answer.headers['content-length'], String(body.length));
  });
}

t.test('a chunked upload is sent whole, with its length', async (t) => {
  const { upstream, gateway } = await startForwarding(t);
  const chunks = ['3\r\n{"a\r\n', '6;x=y\r\n":12}\n\r\n', '0\r\n\r\n'];
  const head = 'PUT /a HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n';
  const { text } = await sendRaw(gateway.url, head + chunks.join(''));
  t.match(text, /^HTTP\/1\.1 200 /);
  const [arrived] = upstream.requests;
  t.equal(arrived?.body.toString(), '{"a":12}\n');
  t.strictSame(arrived && valuesOf(arrived, 'content-length'), ['9']);
});

t.test('an empty POST has length 0, a bodiless DELETE none', async (t) => {
  const { upstream, gateway } = await startForwarding(t);
  await sendRaw(gateway.url, 'POST /a HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
  await sendRaw(gateway.url, 'POST /b HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
  await sendRaw(gateway.url, 'DELETE /c HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
  t.strictSame(
    upstream.requests.map((request) => [request.target, valuesOf(request, 'content-length')]),
    [
      ['/a', ['0']],
      ['/b', ['0']],
      ['/c', []],
    ],
  );
});

t.test("the Go SDK's DELETE, whose body is the word null, arrives with it", async (t) => {
  const { upstream, gateway } = await startForwarding(t);
  const headers = { 'content-type': 'application/json', 'content-length': '4' };
  t.equal((await send(gateway.url, { method: 'DELETE', target: '/a', headers, body: 'null' })).status, 200);
  t.equal(upstream.requests[0]?.body.toString(), 'null');
});

t.test('a body above the limit is refused, announced or not, and nothing is sent', async (t) => {
  const { upstream, gateway } = await startForwarding(t, { limits: { ...LIMITS, bodyBytes: 1000 } });
  const head = 'POST /a HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n';
  const announced = `${head}Content-Length: 1001\r\n\r\n`;
  const chunked = `${head}Transfer-Encoding: chunked\r\n\r\n3e9\r\n${'x'.repeat(1001)}\r\n0\r\n\r\n`;
  for (const text of [announced, chunked]) {
    const { text: answer } = await sendRaw(gateway.url, text);
    t.match(answer, /^HTTP\/1\.1 413 /);
    t.match(answer, /x-gateway-error: body-too-large/i);
    t.match(answer, /limit of 1000 bytes/);
  }
  t.equal(upstream.bytesReceived(), 0);
  const atLimit = await send(gateway.url, { method: 'POST', target: '/a', body: Buffer.alloc(1000) });
  t.equal(atLimit.status, 200);
});

t.test('a GET or HEAD with a body is refused: its signature would not cover it', async (t) => {
  const { upstream, gateway } = await startForwarding(t);
  for (const method of ['GET', 'HEAD']) {
    const framed = ['Content-Length: 2\r\n\r\n{}', 'Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n'];
    for (const rest of framed) {
      const { text } = await sendRaw(
        gateway.url,
        `${method} /a HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n${rest}`,
      );
      t.match(text, /^HTTP\/1\.1 400 /);
      t.match(text, /x-gateway-error: request-invalid/i);
    }
  }
  t.equal(upstream.bytesReceived(), 0);
  t.equal((await send(gateway.url, { target: '/a', headers: { 'content-length': '0' } })).status, 200);
});

t.test('gzip comes back as gzip', async (t) => {
  const { upstream, gateway } = await startForwarding(t);
  const zipped = gzipSync('{"data":[]}');
  upstream.answerWith(httpAnswer('200 OK', { 'content-encoding': 'gzip' }, zipped));
  const { headers, bytes } = await send(gateway.url, { target: '/a', headers: { 'accept-encoding': 'gzip' } });
  t.equal(headers['content-encoding'], 'gzip');
  t.ok(bytes.equals(zipped));
});

t.test('a chunked answer, and one that ends with its connection, come back whole', async (t) => {
  const { upstream, gateway } = await startForwarding(t);
  upstream.answerWith(httpAnswer('200 OK', { 'transfer-encoding': 'chunked' }, '3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n'));
  t.equal((await send(gateway.url, { target: '/a' })).bytes.toString(), 'abcdef');
  upstream.answerWith((socket) => socket.end('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabcdef'));
  t.equal((await send(gateway.url, { target: '/b' })).bytes.toString(), 'abcdef');
});

t.test('HEAD keeps the length that GET would have', async (t) => {
  const { upstream, gateway } = await startForwarding(t);
  upstream.answerWith(httpAnswer('200 OK', { 'content-length': '1234', 'content-type': 'text/csv' }));
  const answer = await send(gateway.url, { method: 'HEAD', target: '/a' });
  t.match(answer, { status: 200, headers: { 'content-length': '1234', 'content-type': 'text/csv' } });
  t.equal(answer.bytes.length, 0);
  upstream.answerWith(httpAnswer('200 OK', {}, 'next'));
  t.equal((await send(gateway.url, { target: '/b' })).bytes.toString(), 'next');
});

t.test('204 and 304 have no body, and the connection goes on', async (t) => {
  const { upstream, gateway } = await startForwarding(t);
  for (const [line, status] of [
    ['204 No Content', 204],
    ['304 Not Modified', 304],
  ] as const) {
    upstream.answerWith(`HTTP/1.1 ${line}\r\netag: "x"\r\n\r\n`);
    const answer = await send(gateway.url, { target: '/a', headers: { 'if-none-match': '"x"' } });
    t.match(answer, { status, headers: { etag: '"x"' } });
    t.equal(answer.bytes.length, 0);
    t.notOk('transfer-encoding' in answer.headers);
    t.notOk('content-type' in answer.headers);
  }
  t.equal(upstream.connections(), 1);
});

t.test('an interim answer is not taken for the answer', async (t) => {
  const { upstream, gateway } = await startForwarding(t);
  const early = 'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n';
  upstream.answerWith(Buffer.concat([Buffer.from(early), httpAnswer('200 OK', {}, 'final')]));
  const { statusCode, body } = await undiciRequest(`${gateway.url}/a`);
  t.equal(statusCode, 200);
  t.equal(await body.text(), 'final');
  t.match(gateway.log.at(-1), { upstreamStatus: 200, outcome: 'sent' });
});
