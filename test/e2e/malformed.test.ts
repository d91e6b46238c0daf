// What isn't well-formed HTTP is answered at the socket, and nothing of it reaches the vendor.
import { once } from 'node:events';
import { connect } from 'node:net';
import t, { type Test } from 'tap';
import { send, sendRaw } from '../sandbox/client-answer.ts';
import { startForwarding } from '../support/forwarding.ts';

const MALFORMED: readonly (readonly [what: string, bytes: string])[] = [
  ['no HTTP at all', 'GARBAGE\r\n\r\n'],
  ['a TLS greeting', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n'],
  ['a version that is none', 'GET /a HTTP/9.9\r\nHost: localhost\r\n\r\n'],
  ['a space in the target', 'GET /a b HTTP/1.1\r\nHost: localhost\r\n\r\n'],
  ['a method that Node does not know', 'ENABLE /a HTTP/1.1\r\nHost: localhost\r\n\r\n'],
  ['a header without a colon', 'GET /a HTTP/1.1\r\nHost: localhost\r\nbad\r\n\r\n'],
  ['a space before the colon', 'POST /a HTTP/1.1\r\nHost: localhost\r\nContent-Length : 2\r\n\r\n{}'],
  ['a NUL in a header', 'GET /a HTTP/1.1\r\nHost: localhost\r\nx: a\0b\r\n\r\n'],
  ['a length that is no number', 'POST /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: +2\r\n\r\n{}'],
  ['two lengths', 'POST /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}'],
  ['a list of lengths', 'POST /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2, 2\r\n\r\n{}'],
  ['a bad chunk', 'POST /a HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n'],
  ['CONNECT', 'CONNECT h:443 HTTP/1.1\r\nHost: localhost\r\n\r\n'],
];

for (const [what, bytes] of MALFORMED) {
  t.test(`${what} is a 400 problem, the connection ends, and nothing is sent`, async (t) => {
    const { upstream, gateway } = await startForwarding(t);
    const { text, end } = await sendRaw(gateway.url, bytes);
    const [head = '', body = ''] = text.split('\r\n\r\n');
    t.match(head, /^HTTP\/1\.1 400 /);
    t.match(head, /^content-type: application\/problem\+json$/im);
    t.match(head, /^x-gateway-error: request-invalid$/im);
    t.match(head, /^connection: close$/im);
    t.match(JSON.parse(body), { status: 400, code: 'request-invalid', message: String });
    t.equal(end, 'FIN');
    t.equal(upstream.bytesReceived(), 0);
    const told = gateway.log.filter(({ msg }) => msg === 'request completed');
    t.match(told, [{ reqId: JSON.parse(body).request_id, res: { statusCode: 400 }, reason: 'request-invalid' }]);
    t.equal(told.length, 1);
    const { bytes: metrics } = await send(gateway.admin, { target: '/metrics' });
    t.match(String(metrics), /requests_total\{[^}]*status="400",reason="request-invalid"\} 1\n/);
  });
}

const INNER = 'GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n';
const SMUGGLING: readonly (readonly [what: string, bytes: string])[] = [
  [
    'a length and chunks',
    `POST /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${INNER}`,
  ],
  [
    'chunks and a length',
    `POST /a HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nContent-Length: ${INNER.length}\r\n\r\n0\r\n\r\n${INNER}`,
  ],
  [
    'a coding that only looks chunked',
    `POST /a HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: xchunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n${INNER}`,
  ],
  [
    'chunked, and not last',
    `POST /a HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n${INNER}`,
  ],
  [
    'a folded header',
    `POST /a HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding:\r\n chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n${INNER}`,
  ],
];

for (const [what, bytes] of SMUGGLING) {
  t.test(`${what}: neither the request nor the one inside reaches the vendor`, async (t) => {
    const { upstream, gateway } = await startForwarding(t);
    const { text } = await sendRaw(gateway.url, bytes);
    t.match(text, /^HTTP\/1\.1 400 /);
    t.equal(text.match(/HTTP\/1\.1 \d/g)?.length, 1, 'one answer');
    t.equal(upstream.bytesReceived(), 0);
  });
}

t.test('a body that looks like a request is a body', async (t) => {
  const { upstream, gateway } = await startForwarding(t);
  const head = `POST /a HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: ${INNER.length}\r\n\r\n`;
  await sendRaw(gateway.url, head + INNER);
  t.match(upstream.requests, [{ target: '/a', body: Buffer.from(INNER) }]);
});

/** A caller that collects what it receives. */
function callerOf(t: Test, url: string) {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true }).setEncoding('latin1');
  t.teardown(() => socket.destroy());
  let received = '';
  socket.on('data', (text: string) => {
    received += text;
  });
  return { socket, received: () => received };
}

t.test('garbage behind a request whose answer has begun does not get into that answer', async (t) => {
  const { upstream, gateway } = await startForwarding(t);
  upstream.answerWith('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf-');
  const { socket, received } = callerOf(t, gateway.url);
  socket.write('GET /a HTTP/1.1\r\nHost: localhost\r\n\r\n');
  while (!received().endsWith('half-')) await once(socket, 'data');
  socket.write('GARBAGE\r\n\r\n');
  await once(socket, 'end');
  t.ok(received().endsWith('half-'), received());
});

t.test('garbage behind a request that waits is not answered in its place', async (t) => {
  const { upstream, gateway } = await startForwarding(t);
  upstream.answerWith(() => {});
  const { socket, received } = callerOf(t, gateway.url);
  socket.write('POST /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}');
  await upstream.until(() => upstream.requests.length === 1);
  socket.write('POST /b HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n');
  await once(socket, 'end');
  t.equal(received(), '');
});

t.test('garbage behind an answered request is a 400 of its own', async (t) => {
  const { gateway } = await startForwarding(t);
  const { socket, received } = callerOf(t, gateway.url);
  socket.write('GET /a HTTP/1.1\r\nHost: localhost\r\n\r\n');
  while (!received().endsWith('{}')) await once(socket, 'data');
  socket.write('GARBAGE\r\n\r\n');
  await once(socket, 'end');
  t.match(received(), /\{\}HTTP\/1\.1 400 /);
});

t.test('a caller that sends garbage and never hangs up is hung up on', async (t) => {
  const { gateway } = await startForwarding(t);
  const { socket, received } = callerOf(t, gateway.url);
  socket.write('GARBAGE\r\n\r\n');
  await once(socket, 'end');
  t.match(received(), /^HTTP\/1\.1 400 /);
  // A half-open connection looks the same from here as a closed one, until something is written to it.
  const broken = once(socket, 'error');
  const writing = setInterval(() => socket.write('MORE\r\n\r\n'), 50);
  t.match(await broken, [{ code: /^(EPIPE|ECONNRESET)$/ }]);
  clearInterval(writing);
});
