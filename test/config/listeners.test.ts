// Listeners as a file names them, with certificates that a real authority has signed.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import t, { type Test } from 'tap';
import { loadConfig } from '../../src/config/load.ts';
import { createAuthority } from '../support/certificates.ts';
import { shortFolder } from '../support/short-folder.ts';
import { DIGEST, REST } from './bad-file.ts';

const authority = createAuthority(t.testdir({}));
const server = authority.issue({ name: 'gateway' });
const other = authority.issue({ name: 'other' });

function load(t: Test, yaml: string, files: Record<string, string> = {}) {
  const folder = shortFolder(t, { 'gateway.yaml': yaml, 'ca.crt': authority.cert, 'tls.crt': server.cert, ...files });
  return { folder, config: loadConfig({ file: join(folder, 'gateway.yaml'), env: { KEY: 'key' } }) };
}

t.test('a listener with TLS has what its files hold, and its key is a secret', async (t) => {
  const yaml = `listen: [{ tls: { certFile: tls.crt, keyFile: tls.key, clientCaFile: ca.crt }, inFlight: 7 }]\n${REST}`;
  const [listener] = load(t, yaml, { 'tls.key': server.key }).config.listen;
  if (listener === undefined || !('tls' in listener)) return void t.fail('no TLS');
  const { tls, ...rest } = listener;
  t.strictSame(rest, { host: '127.0.0.1', port: 8080, inFlight: 7 });
  t.match(tls, { cert: server.cert, clientCa: authority.cert });
  t.equal(tls?.key.reveal(), server.key);
  t.notMatch(inspect(listener, { depth: 9, showHidden: true }), /PRIVATE KEY/);
});

t.test('a unix socket lies next to the configuration, for owner and group', async (t) => {
  const bot = `consumers: { bot: { token: { sha256: ${DIGEST} }, accounts: [main], allow: ["*"] } }\n`;
  const yaml = `listen: [{ unixSocket: a.sock }, { unixSocket: b.sock, mode: "600", consumer: bot, inFlight: 2 }]\n`;
  const { folder, config } = load(t, yaml + REST + bot);
  t.strictSame(config.listen, [
    { unixSocket: join(folder, 'a.sock'), mode: 0o660 },
    { unixSocket: join(folder, 'b.sock'), mode: 0o600, consumer: 'bot', inFlight: 2 },
  ]);
});

for (const [what, files, mistake] of [
  ['the key of another certificate', { 'tls.key': other.key }, 'the key is not that of the certificate in certFile'],
  [
    'a key with a passphrase',
    { 'tls.key': locked(server.key) },
    'expected a file with a private key (PEM) that has no passphrase',
  ],
  [
    'a key that TLS finds too weak',
    weakPair(),
    'TLS does not take this certificate and key (ERR_SSL_EE_KEY_TOO_SMALL)',
  ],
] as const) {
  t.test(`${what} is a mistake`, async (t) => {
    const yaml = `listen: [{ tls: { certFile: tls.crt, keyFile: tls.key } }]\n${REST}`;
    const place = /listen\[0\]\.tls\.keyFile {2}/;
    t.throws(() => load(t, yaml, files), { message: place });
    t.throws(() => load(t, yaml, files), new RegExp(mistake.replaceAll(/[()]/g, '.')));
  });
}

function locked(key: string): string {
  return execFileSync('openssl', ['ec', '-aes256', '-passout', 'pass:secret'], {
    input: key,
    encoding: 'utf8',
    stdio: 'pipe',
  });
}

function weakPair() {
  const folder = t.testdir({});
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  execFileSync(
    'openssl',
    ['req', '-x509', '-newkey', 'rsa:512', '-nodes', '-subj', '/CN=weak', '-keyout', key, '-out', cert],
    {
      stdio: 'pipe',
    },
  );
  return { 'tls.key': readFileSync(key, 'utf8'), 'tls.crt': readFileSync(cert, 'utf8') };
}
