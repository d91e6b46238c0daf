// What isn't signed as the SDKs sign, or not by whom it says: nothing of it is sent, and no quota is spent.
import t from 'tap';
import { bytesOf, exchange, go, python, type Sdk, type WireCall } from '../support/sdk-client.ts';
import { GET, KEYS, now, ONE, POST, startWithKeys } from '../support/virtual-keys.ts';

/** Changes one header of a request. */
function header(call: WireCall, name: string, change: (value: string) => string): WireCall {
  const headers = call.headers.map(([key, value]) => [key, key === name ? change(value) : value] as const);
  return { ...call, headers };
}

const REFUSED: readonly (readonly [what: string, reason: string, forge: (sdk: Sdk, host: string) => WireCall])[] = [
  [
    'a wrong secret',
    'signature',
    (sdk, host) => sdk(host, { ...KEYS, secret: 'x'.repeat(32) }, { ...POST, timestamp: now() }),
  ],
  [
    'an unknown access key',
    'unknown',
    (sdk, host) => sdk(host, { ...KEYS, id: 'vk-nobody' }, { ...POST, timestamp: now() }),
  ],
  ['a timestamp 6 minutes ago', 'stale', (sdk, host) => sdk(host, KEYS, { ...POST, timestamp: now() - 360 })],
  ['a timestamp in 6 minutes', 'stale', (sdk, host) => sdk(host, KEYS, { ...POST, timestamp: now() + 360 })],
  [
    'another body',
    'signature',
    (sdk, host) => ({ ...sdk(host, KEYS, { ...POST, timestamp: now() }), body: '{"urls":["b"]}' }),
  ],
  [
    'another path',
    'signature',
    (sdk, host) => ({ ...sdk(host, KEYS, { ...POST, timestamp: now() }), target: '/ccm/purge/x' }),
  ],
  [
    'another spelling of the path',
    'signature',
    (sdk, host) => ({ ...sdk(host, KEYS, { ...POST, timestamp: now() }), target: '/ccm/%70urge/ItemIdReceiver' }),
  ],
  [
    'another query',
    'signature',
    (sdk, host) => ({ ...sdk(host, KEYS, { ...GET, timestamp: now() }), target: '/api/domain?a=2' }),
  ],
  [
    'a query that was added',
    'signature',
    (sdk, host) => ({
      ...sdk(host, KEYS, { ...GET, target: '/api/domain', timestamp: now() }),
      target: '/api/domain?a=1',
    }),
  ],
  [
    'another method',
    'signature',
    (sdk, host) => ({ ...sdk(host, KEYS, { ...POST, timestamp: now() }), method: 'PUT' }),
  ],
  [
    'another host',
    'signature',
    (sdk, host) => header(sdk(host, KEYS, { ...POST, timestamp: now() }), 'Host', () => 'api.cdnetworks.com'),
  ],
  [
    'another content-type',
    'signature',
    (sdk, host) => header(sdk(host, KEYS, { ...POST, timestamp: now() }), 'Content-Type', () => 'text/plain'),
  ],
  [
    'another timestamp',
    'signature',
    (sdk, host) =>
      header(sdk(host, KEYS, { ...POST, timestamp: now() }), 'x-cnc-timestamp', (value) => `${Number(value) - 1}`),
  ],
  [
    'another signature',
    'signature',
    (sdk, host) =>
      header(sdk(host, KEYS, { ...POST, timestamp: now() }), 'Authorization', (value) =>
        value.replace(/.$/, (digit) => (digit === '0' ? '1' : '0')),
      ),
  ],
  [
    'half a signature',
    'malformed',
    (sdk, host) =>
      header(sdk(host, KEYS, { ...POST, timestamp: now() }), 'Authorization', (value) => value.slice(0, -32)),
  ],
  [
    'two access keys',
    'malformed',
    (sdk, host) => header(sdk(host, KEYS, { ...POST, timestamp: now() }), 'x-cnc-accessKey', () => 'vk-another'),
  ],
  [
    'no host under the signature',
    'malformed',
    (sdk, host) =>
      header(sdk(host, KEYS, { ...POST, timestamp: now() }), 'Authorization', (value) => value.replace(';host', '')),
  ],
  [
    'names in another order',
    'malformed',
    (sdk, host) =>
      header(sdk(host, KEYS, { ...POST, timestamp: now() }), 'Authorization', (value) =>
        value.replace('content-type;host', 'host;content-type'),
      ),
  ],
  [
    'two Authorizations',
    'malformed',
    (sdk, host) => {
      const call = sdk(host, KEYS, { ...POST, timestamp: now() });
      return { ...call, headers: [...call.headers, ...call.headers.filter(([name]) => name === 'Authorization')] };
    },
  ],
  [
    'a method override that was added',
    'malformed',
    (sdk, host) => sdk(host, KEYS, { ...POST, timestamp: now(), unsigned: [['x-http-method-override', 'DISABLE']] }),
  ],
  [
    'an empty claim',
    'malformed',
    (sdk, host) => header(sdk(host, KEYS, { ...POST, timestamp: now() }), 'Authorization', () => 'CNC-HMAC-SHA256'),
  ],
];

for (const [name, sdk] of Object.entries({ go, python })) {
  for (const [what, reason, forge] of REFUSED) {
    t.test(`${name}: ${what}: 401, nothing is sent and nothing spent`, async (t) => {
      const { sandbox, gateway, host } = await startWithKeys(t, { quotas: ONE });
      const answer = await exchange(gateway.url, bytesOf(forge(sdk, host)));
      t.equal(answer.status, 401, answer.body);
      t.match(answer.headers, {
        'x-gateway-error': 'consumer-unknown',
        'www-authenticate': 'CNC-HMAC-SHA256, Basic realm="cdnetworks-gateway"',
      });
      t.equal(sandbox.report().arrivals, 0);
      t.match(gateway.log.at(-1), { consumer: undefined, reason: 'consumer-unknown', detail: String });
      const metrics = await (await fetch(`${gateway.admin}/metrics`)).text();
      t.match(
        metrics,
        new RegExp(`authentication_failures_total\\{scheme="(access-key|none)",reason="${reason}"\\} 1`),
      );

      const right = await exchange(gateway.url, bytesOf(sdk(host, KEYS, { ...POST, timestamp: now() - 1 })));
      t.equal(right.status, 200, 'the one unit is still there');
    });
  }
}
