// What no gateway may send, over real sockets: refused before it counts towards any quota.
import t from 'tap';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import { rawGet, send, sendRaw } from './client-answer.ts';
import { apiKeyHeaders } from './client-request.ts';

t.test('a second Authorization is counted as a leak and refused under either scheme', async (t) => {
  const sandbox = await startSandbox({});
  t.teardown(sandbox.close);
  const second = '\r\nAuthorization: Basic x\r\nconnection: close\r\n\r\n';
  const withAccessKey = rawGet(sandbox.origin, '/x').replace(/\r\n\r\n$/, second);
  t.match((await sendRaw(sandbox.origin, withAccessKey)).text, /^HTTP\/1\.1 462 /);
  const lines = Object.entries(apiKeyHeaders()).map(([name, value]) => `${name}: ${value}`);
  const withApiKey = `GET /x HTTP/1.1\r\nhost: h\r\n${lines.join('\r\n')}${second}`;
  t.match((await sendRaw(sandbox.origin, withApiKey)).text, /^HTTP\/1\.1 401 [\s\S]*x-sandbox-cause: ambiguous: /i);
  t.match(sandbox.report(), { refused: { ambiguous: 2 }, leakedHeaders: { authorization: 2 } });
});

t.test('what a gateway must never send is refused of an API key too, though it signs no target', async (t) => {
  const sandbox = await startSandbox({});
  t.teardown(sandbox.close);
  const targets = ['/a/../b', '//a', '/a%2Fb', '/a%00', '/a?b={', '/a|b'];
  for (const target of targets) {
    const answer = await send(sandbox.origin, { target, headers: apiKeyHeaders() });
    t.match(answer, { status: 401, headers: { 'x-sandbox-cause': /^ambiguous: / } }, target);
  }
  const headers = { ...apiKeyHeaders(), 'content-length': '2' };
  t.equal((await send(sandbox.origin, { target: '/a', headers, body: '{}' })).status, 401);
  t.match(sandbox.report(), { verified: 0, refused: { ambiguous: targets.length + 1 } });
});

for (const [what, bytes, cause] of [
  ['garbage', 'GARBAGE\r\n\r\n', /malformed: not a well-formed/],
  ['no Host', 'GET /x HTTP/1.1\r\nconnection: close\r\n\r\n', /malformed: an HTTP\/1\.1 request has a Host/],
  ['ENABLE', 'ENABLE /api/domain/1 HTTP/1.1\r\nhost: h\r\n\r\n', /malformed: .* does not know the method ENABLE/],
  ['DISABLE', 'DISABLE /api/domain/1 HTTP/1.1\r\nhost: h\r\n\r\n', /malformed: .* does not know the method DISABLE/],
  ['CONNECT', 'CONNECT h:443 HTTP/1.1\r\nhost: h\r\n\r\n', /malformed: there is no CONNECT/],
] as const) {
  t.test(`${what} is refused with a request id and a cause, and counted`, async (t) => {
    const sandbox = await startSandbox({});
    t.teardown(sandbox.close);
    const [head = '', body = ''] = (await sendRaw(sandbox.origin, bytes)).text.split('\r\n\r\n');
    t.match(head, /^HTTP\/1\.1 400 Bad Request\r\n/);
    t.match(head, /^x-cnc-request-id: [0-9a-f]{32}$/im);
    t.match(/^x-sandbox-cause: (.*)$/im.exec(head)?.[1], cause);
    t.match(JSON.parse(body), { code: 'InvalidParameter', message: String });
    t.match(sandbox.report(), { arrivals: 1, verified: 0, refused: { malformed: 1 } });
  });
}
