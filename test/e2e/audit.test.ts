// Calls that change something leave a line, or are not made.
import { hash } from 'node:crypto';
import { readFileSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { AuditEntry } from '../../src/audit/audit-log.ts';
import type { Account } from '../../src/catalog/account.ts';
import { Secret } from '../../src/catalog/secret.ts';
import type { AuditConfig } from '../../src/config/config.ts';
import type { Quotas } from '../../src/quota/policy.ts';
import { send } from '../sandbox/client-answer.ts';
import { accountsAt, configAt, startConfigured, WIDE } from '../support/gateway.ts';
import { startGatewayProcess } from '../support/gateway-process.ts';
import { httpAnswer, startRawUpstream } from '../support/raw-upstream.ts';

/** A gateway with an audit log; `full` is for a disk without room. */
async function start(
  t: Test,
  options: {
    onAuditFailure?: AuditConfig['onAuditFailure'];
    full?: boolean;
    quotas?: Quotas;
    next?: Account['credential'];
  } = {},
) {
  const { onAuditFailure = 'refuse', full = false, quotas, next } = options;
  const upstream = await startRawUpstream();
  upstream.answerWith(httpAnswer('200 OK', { 'x-cnc-request-id': 'the-id-of-the-vendor' }, '{}'));
  const file = join(t.testdir(), 'audit.log');
  if (full) symlinkSync('/dev/full', file);
  const accounts = accountsAt(upstream.origin, quotas);
  const main = accounts.get('main');
  if (main !== undefined && next !== undefined) accounts.set('main', { ...main, nextCredential: next });
  const config = configAt(upstream.origin, { accounts, audit: { file, onAuditFailure } });
  const gateway = await startConfigured(config);
  t.teardown(async () => {
    await upstream.close();
    await gateway.drain();
  });
  return {
    upstream,
    gateway,
    file,
    post: (target = '/a', headers: Record<string, string> = {}) =>
      send(gateway.url, { method: 'POST', target, body: '{"a":1}', headers }),
    get: () => send(gateway.url, { target: '/api/domain' }),
    mend: () => {
      rmSync(file);
      return gateway.reload(() => config);
    },
    lines: () => linesOf(file),
    /** Units of the account. */
    used: async () => {
      const report = (await (await fetch(`${gateway.admin}/quota?account=main`)).json()) as {
        partitions: { policies: { used: number }[] }[];
      };
      return report.partitions[0]?.policies[0]?.used;
    },
    lost: async () =>
      Number(
        /^cdnetworks_gateway_audit_lines_lost_total (\d+)$/m.exec(
          await (await fetch(`${gateway.admin}/metrics`)).text(),
        )?.[1],
      ),
  };
}

function linesOf(file: string): AuditEntry[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as AuditEntry);
}

t.test('a call that changes something leaves one line, before its caller has the answer', async (t) => {
  const { post, lines, gateway } = await start(t);
  t.equal((await post('/ccm/purge/ItemIdReceiver?x=1')).status, 200);
  const [line] = lines();
  t.match(line?.time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  t.strictSame(lines(), [
    {
      time: line?.time,
      reqId: gateway.log.find(({ msg }) => msg === 'request completed')?.['reqId'] ?? line?.reqId,
      consumer: 'anonymous',
      account: 'main',
      credential: 'first',
      interface: 'POST /ccm/purge/ItemIdReceiver',
      method: 'POST',
      target: '/ccm/purge/ItemIdReceiver?x=1',
      bodySha256: hash('sha256', '{"a":1}'),
      outcome: 'sent',
      status: 200,
      cncRequestId: 'the-id-of-the-vendor',
    },
  ]);
});

t.test('look-ups, refusals and what the gateway itself answers leave none', async (t) => {
  const { get, gateway, lines, post } = await start(t);
  await get();
  await send(gateway.url, { method: 'HEAD', target: '/api/domain' });
  await post('/api/../x');
  await post('/a', { 'x-gateway-account': 'nobody' });
  t.strictSame(lines(), []);
});

t.test('every other method leaves one, an override under its own name', async (t) => {
  const { gateway, lines, post } = await start(t);
  for (const method of ['PUT', 'PATCH', 'DELETE']) await send(gateway.url, { method, target: '/a' });
  await post('/a', { 'x-http-method-override': 'DISABLE' });
  t.strictSame(
    lines().map(({ method, interface: name }) => [method, name]),
    ['PUT', 'PATCH', 'DELETE', 'DISABLE'].map((method) => [method, `${method} /a`]),
  );
});

t.test('a call without an answer has its line too, and says that it may have been carried out', async (t) => {
  const { upstream, post, lines } = await start(t);
  upstream.answerWith((socket) => socket.resetAndDestroy());
  t.equal((await post()).status, 502);
  const [line] = lines();
  t.match(line, { outcome: 'unknown', method: 'POST' });
  t.notOk(line && 'status' in line);
});

t.test('a call that is sent again with the next credential leaves two lines', async (t) => {
  const next = { type: 'access-key', accessKey: 'next', secretKey: new Secret('next') } as const;
  const { upstream, post, lines } = await start(t, { next });
  upstream.answerWith((socket, { bytes }) =>
    socket.write(httpAnswer(bytes.includes('Credential=next') ? '200 OK' : '462 Refused', {}, '{}')),
  );
  t.equal((await post()).status, 200);
  t.match(lines(), [
    { credential: 'first', status: 462 },
    { credential: 'next', status: 200 },
  ]);
  t.equal(lines()[0]?.reqId, lines()[1]?.reqId);
});

t.test('refuse: while a line waits, calls that change something are refused before anything is spent', async (t) => {
  const { upstream, gateway, post, get, mend, lines, lost, used } = await start(t, { full: true });
  t.equal((await post('/a?first')).status, 200, 'what is under way is answered');
  t.equal(upstream.requests.length, 1);
  const refused = await post('/a?second');
  t.match(refused, { status: 503, headers: { 'x-gateway-error': 'audit-unavailable', 'retry-after': '1' } });
  t.equal(upstream.requests.length, 1);
  t.equal((await get()).status, 200, 'look-ups go on');
  t.match(
    gateway.log.filter(({ reason }) => reason === 'audit-unavailable'),
    [{ level: 40, res: { statusCode: 503 } }],
  );
  t.match(
    gateway.log.filter(({ msg }) => msg === 'audit log cannot be written'),
    [{ level: 50, err: { code: 'ENOSPC' } }],
  );
  t.equal(await used(), 2);

  await mend();
  t.equal((await post('/a?third')).status, 200);
  t.match(lines(), [{ target: '/a?first' }, { target: '/a?third' }]);
  t.equal(gateway.log.filter(({ msg }) => msg === 'audit log is written again').length, 1);
  t.equal(await lost(), 0);
});

t.test('continue: calls go on, and their lines follow', async (t) => {
  const { post, mend, lines, lost } = await start(t, { onAuditFailure: 'continue', full: true });
  for (let n = 0; n < 20; n++) t.equal((await post(`/a?${n}`)).status, 200);
  await mend();
  t.strictSame(
    lines().map(({ target }) => target),
    Array.from({ length: 20 }, (_, n) => `/a?${n}`),
  );
  t.equal(await lost(), 0);
});

t.test('lines that are lost with the process are told, without what may be secret in them', async (t) => {
  const { post, gateway } = await start(t, { onAuditFailure: 'continue', full: true });
  await post('/a?token=hidden');
  await gateway.drain();
  const lost = gateway.log.filter(({ msg }) => msg === 'audit line lost');
  t.match(lost, [{ level: 50, entry: { method: 'POST', account: 'main', status: 200, bodySha256: String } }]);
  t.notMatch(JSON.stringify(lost), /hidden/);
});

t.test(
  'refuse: a call that has waited for quota is refused if the disk is full by then, and gives its units back',
  async (t) => {
    const quotas = { ...WIDE, interface: { quota: 1, windowMs: 1000 }, marginMs: 10 };
    const { post, upstream, gateway, file, used } = await start(t, { quotas });
    t.equal((await post('/waits')).status, 200);
    const waiting = post('/waits', { prefer: 'wait=30' });
    const isWaiting = async () =>
      /^cdnetworks_gateway_waiting 1$/m.test(await (await fetch(`${gateway.admin}/metrics`)).text());
    while (!(await isWaiting()));
    rmSync(file);
    symlinkSync('/dev/full', file);
    t.equal((await post('/fills-the-disk')).status, 200);
    t.match(await waiting, { status: 503, headers: { 'x-gateway-error': 'audit-unavailable' } });
    t.equal(upstream.requests.length, 2);
    t.equal(await used(), 2);
  },
);

t.test('after logrotate, a reload goes on in a new file', async (t) => {
  const { post, file, gateway, lines } = await start(t);
  await post('/a?one');
  renameSync(file, `${file}.1`);
  await post('/a?two');
  await gateway.reload(() => {
    throw new Error('also if the configuration is refused');
  });
  await post('/a?three');
  t.strictSame(
    linesOf(`${file}.1`).map(({ target }) => target),
    ['/a?one', '/a?two'],
  );
  t.match(lines(), [{ target: '/a?three' }]);
});

t.test('a disk that fills up in the middle of a line costs no line, and is found to have room again', async (t) => {
  const upstream = await startRawUpstream();
  t.teardown(upstream.close);
  const folder = t.testdir();
  const config = join(folder, 'gateway.yaml');
  const file = join(folder, 'audit.log');
  writeFileSync(
    config,
    `listen: [{ port: 0 }]
admin: { port: 0 }
accounts:
  main:
    origin: ${upstream.origin}
    credential: { type: access-key, accessKey: { env: CDN_ACCESS_KEY }, secretKey: { env: CDN_SECRET_KEY } }
anonymous: { account: main }
audit: { file: audit.log }
`,
  );
  const gateway = await startGatewayProcess(config, { fileBlocks: 1 });
  t.teardown(gateway.kill);
  const post = async (n: number) => (await send(gateway.url, { method: 'POST', target: `/a?${n}`, body: '{}' })).status;
  let sent = 0;
  while ((await post(sent)) === 200) sent++;
  t.equal(upstream.requests.length, sent);
  const before = readFileSync(file, 'utf8');
  t.equal(before.length, 1024, 'the last line is there in part');
  truncateSync(file, 0);
  // No call is needed for it: all of these are refused until the gateway has tried again by itself.
  while ((await post(sent)) === 503);
  const whole = `${before.slice(0, before.lastIndexOf('\n'))}\n${readFileSync(file, 'utf8').trim()}\n`;
  writeFileSync(file, whole);
  t.strictSame(
    linesOf(file).map(({ target }) => target),
    Array.from({ length: sent + 1 }, (_, n) => `/a?${n}`),
  );
});
