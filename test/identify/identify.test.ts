// Which of the things that a request presents says who it is, and what happens if it doesn't.
import { hash } from 'node:crypto';
import t from 'tap';
import type { Anonymous } from '../../src/catalog/consumer.ts';
import { loopbackAnd } from '../../src/catalog/network.ts';
import { Secret } from '../../src/catalog/secret.ts';
import { challengesOf, identify, type Known } from '../../src/identify/identify.ts';
import { NotIdentified, type Presented } from '../../src/identify/presented.ts';
import { makeCertificate } from '../support/client-certificate.ts';

const AT = Date.UTC(2026, 0, 1);
const common = { accounts: ['main'], allow: ['*'] };
const withToken = { ...common, name: 'with-token', tokenSha256: hash('sha256', 'the-token') };
const withKey = { ...common, name: 'with-key', accessKey: { id: 'vk', secretKey: new Secret('secret-0123456789') } };
const withApiKey = { ...common, name: 'with-api-key', apiKey: { username: 'u', apiKey: new Secret('key-0123456789') } };
const withCertificate = { ...common, name: 'with-certificate', certificateName: 'CN:purge-bot' };
const ofSocket = { ...common, name: 'of-socket' };
const all = [withToken, withKey, withApiKey, withCertificate, ofSocket];
const anonymous: Anonymous = { ...common, name: 'anonymous', trusts: loopbackAnd(['10.0.0.0/8']) };
const certificate = makeCertificate(t, { subject: '/CN=purge-bot' });
const foreign = makeCertificate(t, { subject: '/CN=stranger' });

/** The name of who calls, or why nobody knows. */
function who(presents: Partial<Presented> & { authorization?: string | string[] }, known: Known): string {
  const { authorization = [], ...rest } = presents;
  const rawHeaders = ['Host', 'localhost', ...[authorization].flat().flatMap((value) => ['Authorization', value])];
  const presented = {
    method: 'GET',
    target: '/',
    rawHeaders,
    peer: '192.0.2.1',
    certificate: () => undefined,
    ...rest,
  };
  try {
    return identify(presented, known, AT).consumer.name;
  } catch (error) {
    if (error instanceof NotIdentified) return `${error.scheme}: ${error.reason}`;
    throw error;
  }
}

t.test('a token tells the consumer, in any case of the word Bearer', async (t) => {
  for (const authorization of ['Bearer the-token', 'bearer the-token', 'BEARER  the-token']) {
    t.equal(who({ authorization }, { consumers: all }), 'with-token', authorization);
  }
});

t.test('a claim that is not true is refused, whatever else would let the caller in', async (t) => {
  const inside = { peer: '127.0.0.1', certificate: () => certificate, socketConsumer: 'of-socket' };
  for (const [authorization, why] of [
    ['Bearer wrong', 'bearer: unknown'],
    [`Bearer ${withToken.tokenSha256}`, 'bearer: unknown'],
    ['Bearer', 'bearer: malformed'],
    ['Bearer the-token the-token', 'bearer: malformed'],
    ['Bearer\tthe-token', 'bearer: malformed'],
    ['Bearer,the-token', 'bearer: malformed'],
    ['CNC-HMAC-SHA256', 'access-key: malformed'],
    ['cnc-hmac-sha256 Credential=vk', 'access-key: malformed'],
    ['Basic', 'api-key: malformed'],
    ['basic dTpw', 'api-key: malformed'],
  ] as const) {
    t.equal(who({ ...inside, authorization }, { consumers: all, anonymous }), why, authorization);
  }
  t.equal(
    who({ ...inside, authorization: ['Bearer the-token', 'Basic dTpw'] }, { consumers: all, anonymous }),
    'none: malformed',
  );
});

t.test('a credential of a kind that no consumer has is dropped', async (t) => {
  const presents = { peer: '127.0.0.1', certificate: () => certificate };
  for (const authorization of ['Bearer wrong', 'CNC-HMAC-SHA256 x', 'Basic x', 'Digest x', 'AWS4-HMAC-SHA256 x', '']) {
    t.equal(who({ ...presents, authorization }, { consumers: [], anonymous }), 'anonymous', authorization);
  }
  t.equal(who({ authorization: ['Bearer the-token', 'Basic dTpw'] }, { consumers: [withToken] }), 'with-token');
});

t.test('without Authorization it is the certificate, then the socket, then nobody', async (t) => {
  const known = { consumers: all, anonymous };
  const socketConsumer = 'of-socket';
  t.equal(who({ certificate: () => certificate, socketConsumer }, known), 'with-certificate');
  t.equal(who({ certificate: () => foreign, socketConsumer }, known), 'certificate: unknown');
  t.equal(who({ socketConsumer, peer: 'unix' }, known), 'of-socket');
  t.equal(who({ authorization: 'Bearer the-token', socketConsumer, peer: 'unix' }, known), 'with-token');
  t.equal(who({ certificate: () => foreign, peer: '127.0.0.1' }, { consumers: [withToken], anonymous }), 'anonymous');
  t.equal(who({ socketConsumer: 'no-longer-there', peer: 'unix' }, known), 'none: unknown');
});

t.test(
  'callers without credentials are let in over loopback, unix sockets and from named networks alone',
  async (t) => {
    const known = { consumers: all, anonymous };
    for (const peer of ['127.0.0.1', '127.9.9.9', '::1', 'unix', '10.1.2.3', '::ffff:10.1.2.3', '::FFFF:127.0.0.1']) {
      t.equal(who({ peer }, known), 'anonymous', peer);
    }
    for (const peer of [
      '11.0.0.1',
      '192.168.0.1',
      '::ffff:11.0.0.1',
      'fd00::1',
      'fe80::1%eth0',
      '',
      'unknown',
      'unix ',
    ]) {
      t.equal(who({ peer }, known), 'none: missing', peer);
    }
    t.equal(who({ peer: '127.0.0.1' }, { consumers: all }), 'none: missing');
  },
);

t.test('what a caller says of its own address is not believed', async (t) => {
  const rawHeaders = ['X-Forwarded-For', '127.0.0.1', 'Forwarded', 'for=10.0.0.1', 'X-Real-IP', '10.0.0.1'];
  t.equal(who({ rawHeaders }, { consumers: [], anonymous }), 'none: missing');
});

t.test('the schemes that some consumer has are the ones that a refusal names', async (t) => {
  t.strictSame(challengesOf(all), ['Bearer', 'CNC-HMAC-SHA256', 'Basic realm="cdnetworks-gateway"']);
  t.strictSame(challengesOf([withKey, withCertificate]), ['CNC-HMAC-SHA256']);
  t.strictSame(challengesOf([ofSocket]), []);
});
