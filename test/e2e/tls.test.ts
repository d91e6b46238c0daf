// The vendor has to prove who it is before it gets a credential.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { send } from '../sandbox/client-answer.ts';
import { accountsAt, startTestGateway } from '../support/gateway.ts';
import { startRawUpstream, valuesOf } from '../support/raw-upstream.ts';
import { accessKeyAuthorization } from '../support/vendor-signature.ts';

/** A certificate that signed itself, made on the spot: a stored one would expire some day. */
function selfSigned(t: Test, { subjectAltName }: { subjectAltName: string }): { key: string; cert: string } {
  const folder = t.testdir({});
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const how = '-x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=vendor'.split(' ');
  const what = ['-keyout', key, '-out', cert, '-addext', `subjectAltName=${subjectAltName}`];
  execFileSync('openssl', ['req', ...how, ...what], { stdio: 'pipe' });
  return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
}

async function start(t: Test, options: { certificate: { key: string; cert: string }; ca?: string }) {
  const upstream = await startRawUpstream({ tls: options.certificate });
  const accounts = accountsAt(upstream.origin);
  const main = accounts.get('main');
  if (main !== undefined && options.ca !== undefined) accounts.set('main', { ...main, ca: options.ca });
  const gateway = await startTestGateway(upstream.origin, { accounts });
  t.teardown(async () => {
    await upstream.close();
    await gateway.drain();
  });
  return { upstream, gateway };
}

for (const { who, subjectAltName, trusted, reason } of [
  { who: 'that signed its own', subjectAltName: 'IP:127.0.0.1', trusted: false, reason: 'DEPTH_ZERO_SELF_SIGNED_CERT' },
  {
    who: 'of another name',
    subjectAltName: 'DNS:evil.example',
    trusted: true,
    reason: 'ERR_TLS_CERT_ALTNAME_INVALID',
  },
]) {
  t.test(`a vendor with a certificate ${who} gets no byte of a request`, async (t) => {
    const certificate = selfSigned(t, { subjectAltName });
    const { upstream, gateway } = await start(t, { certificate, ...(trusted ? { ca: certificate.cert } : {}) });
    const answer = await send(gateway.url, { method: 'POST', target: '/a', body: '{}' });
    t.match(answer, { status: 502, headers: { 'x-gateway-error': 'upstream-unreachable' } });
    t.notMatch(answer.bytes.toString(), /certificate|self|127\.0\.0\.1|evil/i, 'and nothing internal is told');
    t.match(gateway.log.at(-1), { outcome: 'unsent', err: { code: reason } }, 'the log has the reason');
    await upstream.until(() => upstream.openConnections() === 0);
    t.equal(upstream.bytesReceived(), 0);
  });
}

t.test("a certificate authority of the account's own is trusted for its origin", async (t) => {
  const certificate = selfSigned(t, { subjectAltName: 'IP:127.0.0.1' });
  const { upstream, gateway } = await start(t, { certificate, ca: certificate.cert });
  t.equal((await send(gateway.url, { method: 'POST', target: '/a', body: '{}' })).status, 200);
  const [request] = upstream.requests;
  if (request === undefined) return void t.fail('nothing arrived');
  t.strictSame(valuesOf(request, 'authorization'), [accessKeyAuthorization(request)]);
  t.strictSame(valuesOf(request, 'host'), [new URL(upstream.origin).host]);
});
