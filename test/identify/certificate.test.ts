// Names of client certificates, made by openssl as a certificate authority would.
import t from 'tap';
import { claimCertificate, namesOf } from '../../src/identify/certificate.ts';
import { makeCertificate } from '../support/client-certificate.ts';

const consumer = (name: string, certificateName: string) => ({
  name,
  certificateName,
  accounts: ['main'],
  allow: ['*'],
});

t.test('a certificate has the names of its subject and its alternative names, each with its kind', async (t) => {
  const certificate = makeCertificate(t, {
    subject: '/O=Example/CN=purge bot',
    alternativeNames: [
      ['DNS', 'purge.internal'],
      ['URI', 'spiffe://a/purge'],
      ['email', 'a@b.internal'],
      ['IP', '10.0.0.1'],
    ],
  });
  t.strictSame(namesOf(certificate), [
    'CN:purge bot',
    'DNS:purge.internal',
    'URI:spiffe://a/purge',
    'email:a@b.internal',
    'IP Address:10.0.0.1',
  ]);
});

t.test('a certificate without a common name, and one with two, has none', async (t) => {
  t.strictSame(namesOf(makeCertificate(t, { subject: '/O=CN=purge-bot' })), []);
  t.strictSame(namesOf(makeCertificate(t, { subject: '/CN=purge-bot/CN=other' })), []);
});

t.test('nothing that stands inside a name is a name', async (t) => {
  for (const subject of ['/O=x\nCN=purge-bot', '/O=x, CN=purge-bot', '/O=x\\/CN=purge-bot', '/CN=x\nCN=purge-bot']) {
    t.notOk(namesOf(makeCertificate(t, { subject })).includes('CN:purge-bot'), JSON.stringify(subject));
  }
  for (const value of ['http://a/, DNS:purge.internal', 'DNS:purge.internal', '", DNS:purge.internal, URI:"']) {
    const sneaky = makeCertificate(t, { subject: '/CN=x', alternativeNames: [['URI', value]] });
    t.match(sneaky.subjectAltName, 'DNS:purge.internal');
    t.notOk(namesOf(sneaky).includes('DNS:purge.internal'), value);
  }
});

t.test('the whole name tells the consumer: no part of it, no other case, no wildcard', async (t) => {
  const certificate = makeCertificate(t, { subject: '/CN=purge-bot', alternativeNames: [['DNS', '*.internal']] });
  t.equal(claimCertificate(certificate, [consumer('a', 'CN:other'), consumer('b', 'CN:purge-bot')]).consumer.name, 'b');
  t.equal(claimCertificate(certificate, [consumer('c', 'DNS:*.internal')]).consumer.name, 'c');
  for (const name of ['CN:purge', 'CN:Purge-Bot', 'DNS:purge-bot', 'DNS:a.internal', 'CN:*.internal', 'CN:']) {
    t.throws(() => claimCertificate(certificate, [consumer('d', name)]), /certificate is nobody's/, name);
  }
});

t.test('a certificate that names two consumers is neither', async (t) => {
  const certificate = makeCertificate(t, { subject: '/CN=a', alternativeNames: [['DNS', 'b']] });
  t.throws(() => claimCertificate(certificate, [consumer('a', 'CN:a'), consumer('b', 'DNS:b')]), /names two consumers/);
});
