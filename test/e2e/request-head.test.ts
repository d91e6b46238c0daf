// Heads that Node or Fastify would refuse without a reason, or let through with a part missing.
import t from 'tap';
import { sendRaw } from '../sandbox/client-answer.ts';
import { startForwarding } from '../support/forwarding.ts';
import { valuesOf } from '../support/raw-upstream.ts';

const REFUSED: readonly (readonly [what: string, head: string, message: RegExp])[] = [
  ['no Host', 'GET /a HTTP/1.1', /Host/],
  ['no Host on a POST', 'POST /a HTTP/1.1\r\nContent-Length: 0', /Host/],
  [
    "a method that is not the vendor's",
    'PROPFIND /a HTTP/1.1\r\nHost: localhost',
    /no PROPFIND method; there are DELETE, GET/,
  ],
  ['QUERY', 'QUERY /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0', /no QUERY method; .*ENABLE and DISABLE/],
  [
    'a content-type that is none',
    'POST /a HTTP/1.1\r\nHost: localhost\r\nContent-Type: garbage\r\nContent-Length: 2',
    /content-type/,
  ],
  [
    'a transfer-encoding beside chunked',
    'POST /a HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip, chunked',
    /transfer-encoding is chunked/,
  ],
];

for (const [what, head, message] of REFUSED) {
  t.test(`${what} is refused with its reason, told once, and nothing is sent`, async (t) => {
    const { upstream, gateway } = await startForwarding(t);
    const body = head.includes('chunked') ? '2\r\n{}\r\n0\r\n\r\n' : head.endsWith('2') ? '{}' : '';
    const { text } = await sendRaw(gateway.url, `${head}\r\nConnection: close\r\n\r\n${body}`);
    t.match(text, /^HTTP\/1\.1 400 /);
    t.match(text, /^x-gateway-error: request-invalid\r$/m);
    t.match(JSON.parse(text.split('\r\n\r\n')[1] ?? ''), { code: 'request-invalid', message });
    const told = gateway.log.filter(({ msg }) => msg === 'request completed');
    t.match(told, [{ res: { statusCode: 400 }, reason: 'request-invalid', detail: message }]);
    t.equal(told.length, 1);
    t.equal(upstream.connections(), 0);
  });
}

for (const [what, header] of [
  ['HTTP/1.0 without Host', 'POST /a HTTP/1.0'],
  ['an expectation that nobody knows', 'POST /a HTTP/1.1\r\nHost: localhost\r\nExpect: zzz'],
  ['an empty content-type', 'POST /a HTTP/1.1\r\nHost: localhost\r\nContent-Type:'],
  ['a content-type of spaces', 'POST /a HTTP/1.1\r\nHost: localhost\r\nContent-Type:   '],
  ['a chunked body in capitals', 'POST /a HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: Chunked'],
] as const) {
  t.test(`${what} is served like any other request`, async (t) => {
    const { upstream, gateway } = await startForwarding(t);
    const framed = header.includes('Chunked') ? '\r\n\r\n2\r\n{}\r\n0\r\n\r\n' : '\r\nContent-Length: 2\r\n\r\n{}';
    const { text } = await sendRaw(gateway.url, `${header}\r\nConnection: close${framed}`);
    t.match(text, /^HTTP\/1\.1 200 /);
    const [sent] = upstream.requests;
    if (sent === undefined) return void t.fail('nothing was sent');
    t.strictSame(valuesOf(sent, 'content-type'), ['application/json']);
    t.strictSame(valuesOf(sent, 'expect'), []);
    t.equal(String(sent.body), '{}');
  });
}
