// The vendor's SDKs, pointed at the gateway with keys that are worth nothing elsewhere.
import t from 'tap';
import { Secret } from '../../src/catalog/secret.ts';
import { createAuthority } from '../support/certificates.ts';
import { startForwarding } from '../support/forwarding.ts';
import { bytesOf, type Call, exchange, go, python, type WireCall } from '../support/sdk-client.ts';
import { CONSUMERS, GET, KEYS, now, ownSecond, POST, startWithKeys } from '../support/virtual-keys.ts';

const CALLS: readonly Omit<Call, 'timestamp'>[] = [
  { method: 'GET', target: '/api/domain' },
  { method: 'GET', target: '/api/terraform/domain/www.example.com?a=1&empty=&a=2&b' },
  { method: 'GET', target: '/api/domain?q=a+b&p=1%2B1' },
  { method: 'GET', target: '/api/domain?q=a%20b&path=%2Fa%2Fb&name=caf%C3%A9' },
  { method: 'GET', target: '/api/domain?q=a?b' },
  { method: 'GET', target: '/api/domain/caf%C3%A9/%7Ex' },
  { method: 'POST', target: '/ccm/purge/ItemIdReceiver', body: '{\n   "urls": [\n      "http://a/é"\n   ]\n}' },
  { method: 'POST', target: '/api/report/flow/area?dateFrom=2026-01-01T00%3A00%3A00%2B08%3A00', body: '{}' },
  { method: 'PUT', target: '/api/domain/1?force=true', body: '{"comment":"12345678901234567890"}' },
  { method: 'DELETE', target: '/api/domain/1' },
];

for (const [name, sdk] of Object.entries({ go, python })) {
  for (const call of CALLS) {
    t.test(
      `${name}: ${call.method} ${call.target} is let through, signed anew and answered with its request id`,
      async (t) => {
        const { sandbox, gateway, host } = await startWithKeys(t);
        const answer = await exchange(gateway.url, bytesOf(sdk(host, KEYS, { ...call, timestamp: ownSecond() })));
        // The vendor takes some changes for later.
        t.equal(answer.status, ['PUT', 'DELETE'].includes(call.method) ? 202 : 200, answer.body);
        t.match(answer.headers['x-cnc-request-id'], /^[0-9a-f]{32}$/);
        t.equal(answer.headers['x-gateway-error'], undefined);
        t.match(sandbox.report(), { arrivals: 1, verified: 1, refused: {}, leakedHeaders: {} });
        t.match(gateway.log.at(-1), { consumer: 'terraform', claimed: undefined, outcome: 'sent' });
      },
    );
  }
}

for (const [name, sdk] of Object.entries({ go, python })) {
  t.test(
    `${name}: over TLS a right signature is let through, and a wrong secret, a replay or another body is not`,
    async (t) => {
      const authority = createAuthority(t.testdir({}));
      const { cert, key } = authority.issue({ name: 'gateway' });
      const listen = [{ host: '127.0.0.1', port: 0, tls: { cert, key: new Secret(key) } }];
      const { sandbox, gateway, host } = await startWithKeys(t, { listen });
      const send = (call: WireCall) => exchange(gateway.url, bytesOf(call), { ca: authority.cert });
      for (const call of CALLS) {
        t.ok((await send(sdk(host, KEYS, { ...call, timestamp: ownSecond() }))).status < 300, call.target);
      }
      const call = sdk(host, KEYS, { ...POST, timestamp: ownSecond() });
      t.equal((await send(call)).status, 200);
      t.equal((await send(call)).status, 401, 'a replay');
      const wrong = { ...KEYS, secret: 'another-secret-0123456789' };
      t.equal((await send(sdk(host, wrong, { ...POST, timestamp: ownSecond() }))).status, 401);
      const changed = sdk(host, KEYS, { ...POST, timestamp: ownSecond() });
      t.equal((await send({ ...changed, body: changed.body.replace('"a"', '"b"') })).status, 401);
      t.match(sandbox.report(), { arrivals: CALLS.length + 1, verified: CALLS.length + 1 });
    },
  );
}

t.test('go: a PATCH is let through', async (t) => {
  const { sandbox, gateway, host } = await startWithKeys(t);
  const call = { method: 'PATCH', target: '/api/domain/1', body: '{}', timestamp: now() };
  const answer = await exchange(gateway.url, bytesOf(go(host, KEYS, call)));
  t.equal(answer.status, 200, answer.body);
  t.match(sandbox.report(), { arrivals: 1, verified: 1 });
});

t.test('a DELETE may be signed over its body or over nothing, and nothing else over nothing', async (t) => {
  const { gateway, host } = await startWithKeys(t);
  const withBody = (call: WireCall, body: string) => ({
    ...call,
    headers: [
      ...call.headers.filter(([name]) => name !== 'Content-Length'),
      ['Content-Length', `${body.length}`] as const,
    ],
    body,
  });
  for (const [method, status] of [
    ['DELETE', 202],
    ['PUT', 401],
    ['POST', 401],
  ] as const) {
    const empty = python(host, KEYS, { method, target: '/api/domain/1', timestamp: ownSecond() });
    t.equal((await exchange(gateway.url, bytesOf(withBody(empty, '{"a":1}')))).status, status, method);
  }
});

t.test('a signature may be in capitals, as in the sample of the vendor', async (t) => {
  const { gateway, host } = await startWithKeys(t);
  const call = go(host, KEYS, { method: 'GET', target: '/api/domain', timestamp: ownSecond() });
  const headers = call.headers.map(([name, value]) => [
    name,
    value.replace(/(?<=Signature=).*/, (signature) => signature.toUpperCase()),
  ]) as [string, string][];
  t.equal((await exchange(gateway.url, bytesOf({ ...call, headers }))).status, 200);
});

t.test('a plus sign in a query is sent as what was signed: a space by Go, a plus by Python', async (t) => {
  const { upstream, gateway } = await startForwarding(t, { anonymous: false, consumers: CONSUMERS });
  const { host } = new URL(gateway.url);
  for (const method of ['GET', 'PUT', 'POST']) {
    for (const sdk of [go, python]) {
      const content = method === 'GET' ? {} : { body: '{}' };
      const call = { method, target: '/api/domain?q=a+b&p=%2B%20', ...content, timestamp: ownSecond() };
      const answer = await exchange(gateway.url, bytesOf(sdk(host, KEYS, call)));
      t.equal(answer.status, 200, answer.body);
    }
  }
  const [space, plus] = ['/api/domain?q=a%20b&p=%2B%20', '/api/domain?q=a%2Bb&p=%2B%20'];
  const sent = upstream.requests.map(({ method, target }) => `${method} ${target}`);
  // The vendor signs no query of a POST, so nothing tells.
  const expected = [`GET ${space}`, `GET ${plus}`, `PUT ${space}`, `PUT ${plus}`, `POST ${space}`, `POST ${space}`];
  t.strictSame(sent, expected);
});

t.test('a signed x-gateway-account picks an account, an unsigned one nothing', async (t) => {
  const { sandbox, gateway, host } = await startWithKeys(t);
  const account = [['x-gateway-account', 'reports']] as const;
  const call = { method: 'GET', target: '/api/domain' };
  t.equal(
    (await exchange(gateway.url, bytesOf(go(host, KEYS, { ...call, timestamp: ownSecond(), signed: account })))).status,
    200,
  );
  t.match(gateway.log.at(-1), { account: 'reports' });
  t.equal(
    (await exchange(gateway.url, bytesOf(go(host, KEYS, { ...call, timestamp: ownSecond(), unsigned: account }))))
      .status,
    401,
  );
  t.equal(sandbox.report().arrivals, 1);
});

t.test('a call that is not allowed is refused before its body, whoever signed it', async (t) => {
  const consumers = CONSUMERS.map((consumer) => ({ ...consumer, allow: ['read-only'] }));
  const { sandbox, gateway, host } = await startWithKeys(t, { consumers });
  for (const secret of [KEYS.secret, 'x'.repeat(32)]) {
    const call = go(host, { ...KEYS, secret }, { ...POST, timestamp: now() });
    const answer = await exchange(gateway.url, bytesOf({ ...call, body: '' }));
    t.equal(answer.status, 403);
    t.notMatch(answer.body, /terraform|ccm/, 'nothing is told of a consumer by its name alone');
    t.match(gateway.log.at(-1), { consumer: undefined, claimed: 'terraform' });
  }
  const get = { ...GET, method: 'GET', target: '/api/v1/common/sys-domain-info/remove' };
  for (const [secret, status] of [
    [KEYS.secret, 403],
    ['x'.repeat(32), 401],
  ] as const) {
    const call = go(host, { ...KEYS, secret }, { ...get, timestamp: now() });
    t.equal((await exchange(gateway.url, bytesOf(call))).status, status, 'what needs no body is proven first');
  }
  t.equal(sandbox.report().arrivals, 0);
});

t.test('without a virtual access key such a signature is dropped like any credential', async (t) => {
  const { sandbox, gateway, host } = await startWithKeys(t, {
    consumers: [],
    anonymous: { account: 'main', allow: ['*'] },
  });
  const call = go(host, KEYS, { ...GET, timestamp: now() - 1000 });
  t.equal((await exchange(gateway.url, bytesOf(call))).status, 200);
  t.match(sandbox.report(), { verified: 1, leakedHeaders: {} });
});
