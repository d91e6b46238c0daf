// Secrets that nobody may ever see, in a gateway as an operator runs it: every caller, port, error and reload.
import { readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import t from 'tap';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import { send, sendRaw } from '../sandbox/client-answer.ts';
import {
  command,
  ENV,
  leaksIn,
  REDIS_PASSWORD,
  TOKEN,
  VIRTUAL_API_KEY,
  VIRTUAL_KEYS,
  writeCanaries,
} from '../support/canaries.ts';
import { startRawUpstream, valuesOf } from '../support/raw-upstream.ts';
import { until } from '../support/redis-cluster.ts';
import { freePort, startRedis } from '../support/redis-server.ts';
import { basic, bytesOf, exchange, go } from '../support/sdk-client.ts';
import { type ServeProcess, serveProcess } from '../support/serve-process.ts';

t.test('a secret is found in whatever form', (t) => {
  t.strictSame(leaksIn(`x ${ENV.SK} y`), [ENV.SK]);
  t.strictSame(leaksIn(Buffer.from(TOKEN).toString('base64')), [TOKEN]);
  t.strictSame(leaksIn(`redis://:${encodeURIComponent(REDIS_PASSWORD)}@h`), [REDIS_PASSWORD]);
  t.strictSame(leaksIn('Credential=a, Signature=0123'), ['Signature=0']);
  t.end();
});

/** What callers were told, of calls with every kind of credential, right and wrong. */
async function callAs(gateway: ServeProcess, { ca, caller }: Pick<ReturnType<typeof writeCanaries>, 'ca' | 'caller'>) {
  const told: string[] = [];
  const [plain = '', tls = ''] = [gateway.log[0]?.['listen']].flat().map(String);
  const tell = async (answer: Promise<unknown>) => void told.push(JSON.stringify(await answer.catch(String)));
  const bearer = (token: string, more = {}) => ({ headers: { authorization: `Bearer ${token}`, ...more } });
  await tell(send(plain, { target: '/a', ...bearer(TOKEN) }));
  await tell(send(plain, { target: '/a', ...bearer(`${TOKEN}x`) }));
  await tell(send(plain, { target: '/a/../b', ...bearer(TOKEN) }));
  await tell(send(plain, { target: '/a', ...bearer(TOKEN, { 'x-gateway-account': 'nobody' }) }));
  for (const rest of ['Content-Length: x', 'no colon', `X: ${'x'.repeat(20_000)}`, 'Transfer-Encoding: x']) {
    await tell(sendRaw(plain, `GET /a HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer ${TOKEN}\r\n${rest}\r\n\r\n`));
  }
  const timestamp = Math.floor(Date.now() / 1000);
  const host = new URL(plain).host;
  const call = go(host, VIRTUAL_KEYS, { method: 'POST', target: '/a?x=1', body: '{}', timestamp });
  for (const sent of [call, call, { ...call, body: '[]' }, { ...call, target: '/b' }]) {
    await tell(exchange(plain, bytesOf(sent)));
  }
  await tell(
    exchange(plain, bytesOf(go(host, VIRTUAL_KEYS, { method: 'GET', target: '/a', timestamp: timestamp - 9999 }))),
  );
  for (const keys of [VIRTUAL_API_KEY, { ...VIRTUAL_API_KEY, secret: 'wrong' }]) {
    const headers = Object.fromEntries(basic(keys, { at: Date.now() }));
    await tell(send(plain, { target: '/a', headers }));
  }
  const get = Buffer.from('GET /a HTTP/1.1\r\nHost: h\r\n\r\n');
  await tell(exchange(tls, get, { ca, ...caller }));
  await tell(exchange(tls, get, { ca }));
  await tell(sendRaw(tls.replace('https', 'http'), 'GARBAGE'));
  return told;
}

/** What an operator is told. */
async function ask(gateway: ServeProcess, file: string) {
  const paths = [
    ...['/', '/status', '/requests', '/metrics', '/readyz', '/livez'],
    ...['/quota?account=main', '/quota?account=x', '/nothing'],
  ];
  const told = await Promise.all(paths.map(async (path) => (await fetch(gateway.admin + path)).text()));
  return [...told, await command(['quota', '--account', 'main', '-c', file])];
}

t.test('a gateway that logs everything tells none of its secrets, nor any of its callers', async (t) => {
  const sandbox = await startSandbox({
    accessKeys: { 'the-access-key': 'canary-of-the-next-key' },
    apiKeys: { reporter: 'canary-of-a-file' },
  });
  t.teardown(sandbox.close);
  const echo = await startRawUpstream();
  t.teardown(echo.close);
  const redis = await startRedis({ tcp: true });
  t.teardown(redis.stop);
  await redis.cli('CONFIG', 'SET', 'requirepass', REDIS_PASSWORD);
  const store = `{ type: redis, url: "${redis.url}", password: { file: redis } }`;
  const adminPort = await freePort();
  const canaries = writeCanaries(t, { origin: sandbox.origin, echo: echo.origin, adminPort, store });
  const { file, yaml, folder, write } = canaries;
  const gateway = await serveProcess(t, { file, env: ENV });
  const told: string[] = [];
  const call = async (target: string, options: Partial<Parameters<typeof send>[1]> = {}) => {
    const answer = await send(gateway.url, { target, ...options }).catch(String);
    told.push(typeof answer === 'string' ? answer : JSON.stringify(answer.headers) + answer.bytes.toString('latin1'));
    return typeof answer === 'string' ? answer : answer.status;
  };
  t.equal(await call('/api/domain'), 200);
  t.equal(await call('/ccm/purge/ItemIdReceiver', { method: 'POST', body: '{}' }), 200);
  told.push(...(await callAs(gateway, canaries)));
  for (const fault of ['reset', 'truncate', 'reset-mid-body'] as const) {
    sandbox.behave({ times: 1, fault });
    await call(`/api/${fault}`);
  }
  for (const status of [401, 446, 462, 500]) {
    sandbox.behave({ times: 2, status });
    await call(`/api/status/${status}`);
  }

  // A vendor whose answer is malformed and repeats what it was sent.
  const toEcho = { headers: { authorization: `Bearer ${TOKEN}`, 'x-gateway-account': 'echo' } };
  for (const answer of [
    (secret: string) => `HTTP/1.1 200 OK\r\nX-Echo ${secret}\r\n\r\n`,
    (secret: string) => `HTTP/1.1 200 OK\r\n${secret}: 1\r\n\r\n`,
    (secret: string) => `HTTP/1.1 200 OK\r\nContent-Length: ${secret}\r\n\r\n`,
    (secret: string) => `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${secret}\r\n`,
    (secret: string) => `HTTP/1.1 999 ${secret}\r\n\r\n`,
    (secret: string) => `HTTP/9.9 200 ${secret}\r\n\r\n`,
    (secret: string) => secret,
  ]) {
    echo.answerWith((socket, request) => socket.end(answer(valuesOf(request, 'authorization')[0] ?? '')));
    await call('/echo', toEcho);
  }
  t.match(echo.requests[0] && valuesOf(echo.requests[0], 'authorization'), [/Signature=/]);
  // Lines are written a tenth of a second after they are logged.
  await until(async () => gateway.log.filter(({ reason }) => reason === 'upstream-reset').length > 4);
  told.push(...(await ask(gateway, file)));

  await redis.cli('-a', REDIS_PASSWORD, 'CONFIG', 'SET', 'requirepass', 'another');
  await redis.cli('-a', 'another', 'CLIENT', 'KILL', 'TYPE', 'normal');
  await gateway.until(/quota store failed/);
  t.equal(await call('/api/domain'), 503);
  await redis.kill();
  t.equal(await call('/api/domain'), 503);
  told.push(...(await ask(gateway, file)));

  writeFileSync(join(folder, 'next'), 'canary-of-another-next-key\n');
  gateway.signal('SIGHUP');
  await gateway.until(/configuration applied/);
  for (const mistaken of [
    `${yaml}x: canary-in-the-file\n`,
    `${yaml}x: [canary-in-the-file\n`,
    yaml.replace('{ file: virtual }', 'canary-in-the-file'),
    yaml.replace('{ file: redis }', 'canary-in-the-file'),
    yaml.replace('keyFile: tls.key', 'keyFile: redis'),
    yaml.replace('{ type: redis, ', '{ type: redis, whenDown: own, '),
  ]) {
    write(mistaken);
    const count = gateway.log.filter(({ msg }) => /refused, /.test(String(msg))).length;
    gateway.signal('SIGHUP');
    await gateway.until(/refused, /, count + 1);
  }
  // Somebody who is sending when it stops.
  const upload = connect(Number(new URL(gateway.url).port), '127.0.0.1').on('error', () => {});
  upload.write(`POST /a HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer ${TOKEN}\r\nContent-Length: 9\r\n\r\nhalf`);
  gateway.signal('SIGTERM');
  upload.destroy();
  t.strictSame(await gateway.ended, [0, null]);
  told.push(gateway.text(), readFileSync(join(folder, 'audit.log'), 'utf8'));
  const text = told.join('\n');
  t.ok(text.length > 20_000);
  t.strictSame(leaksIn(text), []);
});
