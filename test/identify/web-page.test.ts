// A browser on a trusted machine sends what any web site asks it for. None of it passes for the machine's own call.
import { hash } from 'node:crypto';
import t from 'tap';
import { loopbackAnd } from '../../src/catalog/network.ts';
import { Secret } from '../../src/catalog/secret.ts';
import { GatewayError } from '../../src/errors.ts';
import { identify, type Known } from '../../src/identify/identify.ts';
import { type Presented, UNIX_SOCKET } from '../../src/identify/presented.ts';
import { makeCertificate } from '../support/client-certificate.ts';
import { basic } from '../support/sdk-client.ts';

const AT = Date.UTC(2026, 0, 1);
const API = { id: 'script', secret: 'api-key-of-the-script-0123456789' };
const common = { accounts: ['main'], allow: ['*'] };
const certificate = makeCertificate(t, { subject: '/CN=purge-bot' });
const known: Known = {
  consumers: [
    { ...common, name: 'token', tokenSha256: hash('sha256', 'the-token') },
    { ...common, name: 'api-key', apiKey: { username: API.id, apiKey: new Secret(API.secret) } },
    { ...common, name: 'certificate', certificateName: 'CN:purge-bot' },
    { ...common, name: 'socket' },
  ],
  anonymous: { ...common, name: 'anonymous', trusts: loopbackAnd(['10.0.0.0/8']) },
};

type Headers = Readonly<Record<string, string>>;

/** Who calls, or the code of the refusal; by default over loopback. */
function who(headers: Headers, presents: Partial<Presented> = {}): string {
  const presented: Presented = {
    method: 'POST',
    target: '/ccm/purge/ItemIdReceiver',
    rawHeaders: Object.entries({ Host: '127.0.0.1:8080', ...headers }).flat(),
    peer: '127.0.0.1',
    certificate: () => undefined,
    ...presents,
  };
  try {
    return identify(presented, known, AT).consumer.name;
  } catch (error) {
    if (error instanceof GatewayError) return error.code;
    throw error;
  }
}

const OF_A_PAGE: readonly Headers[] = [
  { Origin: 'https://evil.example' },
  { Origin: 'null' },
  { origin: 'http://127.0.0.1:8080' },
  { Origin: '' },
  { 'Sec-Fetch-Site': 'cross-site' },
  { 'Sec-Fetch-Site': 'same-site' },
  { 'sec-fetch-site': 'CROSS-SITE' },
  { 'Sec-Fetch-Site': 'none', 'sec-fetch-site': 'cross-site' },
];

t.test('what a page asks for is forbidden without credentials, wherever it comes from', async (t) => {
  for (const headers of OF_A_PAGE) {
    for (const peer of ['127.0.0.1', '::1', '10.1.2.3']) {
      t.equal(who(headers, { peer }), 'consumer-forbidden', JSON.stringify(headers));
    }
  }
});

t.test('and with a certificate, which a browser presents for any page', async (t) => {
  const ofBot = { peer: '192.0.2.1', certificate: () => certificate };
  for (const headers of OF_A_PAGE) t.equal(who(headers, ofBot), 'consumer-forbidden', JSON.stringify(headers));
  t.equal(who({}, ofBot), 'certificate');
  t.equal(who({ Host: 'gateway.internal' }, { ...ofBot, peer: '127.0.0.1' }), 'certificate');
});

t.test('credentials that no page has make up for it, and so does a unix socket', async (t) => {
  const basicHeaders = Object.fromEntries(basic(API, { at: AT }));
  for (const headers of OF_A_PAGE) {
    t.equal(who({ ...headers, Host: 'any.example', Authorization: 'Bearer the-token' }), 'token');
    t.equal(who({ ...headers, Host: 'any.example', ...basicHeaders }), 'api-key');
    t.equal(who({ ...headers, Host: 'any.example' }, { peer: UNIX_SOCKET }), 'anonymous');
    t.equal(who({ ...headers, Host: 'any.example' }, { peer: UNIX_SOCKET, socketConsumer: 'socket' }), 'socket');
  }
});

t.test('an Authorization of a kind that nobody has does not make up for it', async (t) => {
  t.equal(who({ Authorization: 'Digest x', Origin: 'https://evil.example' }), 'consumer-forbidden');
  t.equal(who({ Authorization: 'Digest x', Host: 'evil.example' }), 'consumer-forbidden');
});

t.test('what no page sends, or a person has typed, passes', async (t) => {
  for (const headers of [
    {},
    { 'Sec-Fetch-Site': 'none' },
    { 'Sec-Fetch-Site': 'same-origin' },
    { 'Sec-Fetch-Mode': 'cors' },
    { Referer: 'http://internal.example/' },
  ]) {
    t.equal(who(headers), 'anonymous', JSON.stringify(headers));
  }
});

t.test('over loopback, Host names this machine or the listener: a site may resolve to this machine too', async (t) => {
  const listenerHost = 'Gateway.internal';
  for (const peer of ['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1']) {
    for (const Host of [
      'localhost',
      'LOCALHOST:8080',
      '127.0.0.1',
      '127.0.0.1:8080',
      '127.1.2.3',
      '[::1]',
      '[::1]:8080',
      'gateway.internal:8080',
    ]) {
      t.equal(who({ Host }, { peer, listenerHost }), 'anonymous', `${peer} ${Host}`);
    }
    for (const Host of [
      'evil.example',
      'evil.example:8080',
      'localhost.evil.example',
      '127.0.0.1.evil.example',
      'localhost:8080.evil.example',
      'evil.example:127.0.0.1',
      '127.1',
      '2130706433',
      '0.0.0.0:8080',
      '[::]:8080',
      '192.168.0.1',
      '',
      ':8080',
      'user@localhost',
    ]) {
      t.equal(who({ Host }, { peer, listenerHost }), 'consumer-forbidden', `${peer} ${Host}`);
    }
  }
  for (const Host of ['0.0.0.0', '[::]']) {
    const listenerHost = Host === '[::]' ? '::' : Host;
    t.equal(who({ Host }, { listenerHost }), 'consumer-forbidden', 'a listener on all addresses');
  }
});

t.test('from a trusted network, Host is the name that a service is called by', async (t) => {
  t.equal(who({ Host: 'cdnetworks-gateway.default.svc' }, { peer: '10.1.2.3' }), 'anonymous');
});
