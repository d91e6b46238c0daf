// Requests that name a known access key and keep their proof, the body that it covers, back.
import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import t from 'tap';
import { Secret } from '../../src/catalog/secret.ts';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import { accountsAt, LIMITS, startTestGateway } from '../support/gateway.ts';
import { bytesOf, exchange, go } from '../support/sdk-client.ts';
import { CONSUMERS, KEYS, now, POST, startWithKeys } from '../support/virtual-keys.ts';

const FORGED = { ...KEYS, secret: 'x'.repeat(32) };

/** Sends the head of a forged upload, and nothing more. */
async function hold(url: string, head: Buffer | string): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.on('error', () => {});
  await new Promise((resolve) => socket.once('connect', resolve));
  socket.write(head);
  return socket;
}

function headOf(bytes: Buffer | string): string {
  const text = bytes.toString();
  return text.slice(0, text.indexOf('\r\n\r\n') + 4);
}

t.test('strangers who name an access key hold 32 places at most, and none of the account', async (t) => {
  const sandbox = await startSandbox({});
  const accounts = accountsAt(sandbox.origin);
  for (const [name, account] of accounts) accounts.set(name, { ...account, inFlight: 1 });
  const gateway = await startTestGateway(sandbox.origin, { anonymous: false, consumers: CONSUMERS, accounts });
  t.teardown(async () => {
    await gateway.drain();
    await sandbox.close();
  });
  const { host } = new URL(gateway.url);
  const forged = headOf(bytesOf(go(host, FORGED, { ...POST, timestamp: now() })));
  const sockets = await Promise.all(Array.from({ length: 32 }, () => hold(gateway.url, forged)));
  t.teardown(() => sockets.forEach((socket) => void socket.destroy()));
  await pause(200);
  const refused = await exchange(gateway.url, bytesOf(go(host, KEYS, { ...POST, timestamp: now() })));
  t.equal(refused.status, 503);
  t.match(JSON.parse(refused.body), {
    code: 'overloaded',
    message: /unproven from 127\.0\.0\.1 vk-terraform: 32 requests/,
  });
  const get = { method: 'GET', target: '/api/domain', body: '', timestamp: now() };
  t.equal(
    (await exchange(gateway.url, bytesOf(go(host, KEYS, get)))).status,
    200,
    'what needs no body is proven at once',
  );

  for (const socket of sockets) socket.destroy();
  await pause(200);
  const again = await exchange(gateway.url, bytesOf(go(host, KEYS, { ...POST, timestamp: now() - 1 })));
  t.equal(again.status, 200, 'the places are free again, and the one of the account always was');
  t.equal(sandbox.report().arrivals, 2);
});

t.test('who leaves before its proof has failed to prove itself, and is let in more sparingly', async (t) => {
  const { gateway, host } = await startWithKeys(t);
  const forged = headOf(bytesOf(go(host, FORGED, { ...POST, timestamp: now() })));
  for (let n = 0; n < 20; n += 1) (await hold(gateway.url, forged)).destroy();
  await pause(300);
  const sockets = await Promise.all(Array.from({ length: 8 }, () => hold(gateway.url, forged)));
  t.teardown(() => sockets.forEach((socket) => void socket.destroy()));
  await pause(200);
  const refused = await exchange(gateway.url, bytesOf(go(host, KEYS, { ...POST, timestamp: now() })));
  t.match(JSON.parse(refused.body), { code: 'overloaded', message: /8 requests/ });
  const metrics = await (await fetch(`${gateway.admin}/metrics`)).text();
  t.match(metrics, /authentication_failures_total\{scheme="access-key",reason="unproven"\} 20\n/);
});

t.test(
  'bodies that strangers announce are not taken in beyond four of the largest with one key, and others go on',
  async (t) => {
    const other = { id: 'vk-other', secret: 'secret-of-another-0123456789' };
    const accessKey = { id: other.id, secretKey: new Secret(other.secret) };
    const another = { name: 'other', accessKey, accounts: ['main'], allow: ['*'] };
    const limits = { ...LIMITS, bodyBytes: 1000 };
    const { gateway, host } = await startWithKeys(t, { consumers: [...CONSUMERS, another], limits });
    const forged = headOf(bytesOf(go(host, FORGED, { ...POST, timestamp: now() }))).replace(
      /content-length: \d+/i,
      'Content-Length: 1000',
    );
    const sockets = await Promise.all(Array.from({ length: 4 }, () => hold(gateway.url, forged)));
    t.teardown(() => sockets.forEach((socket) => void socket.destroy()));
    await pause(200);
    const refused = await exchange(gateway.url, bytesOf(go(host, KEYS, { ...POST, timestamp: now() })));
    t.match(JSON.parse(refused.body), { code: 'overloaded', message: /4000 bytes/ });
    const theirs = await exchange(gateway.url, bytesOf(go(host, other, { ...POST, timestamp: now() })));
    t.equal(theirs.status, 200);
  },
);
