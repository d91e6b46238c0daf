// Calls that change something and can't be recorded are not made, or are made all the same: as the operator wants it.
import { readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { send } from '../sandbox/client-answer.ts';
import { linesOf, startAudited } from '../support/audited.ts';
import { WIDE } from '../support/gateway.ts';
import { accountAt, startGatewayProcess } from '../support/gateway-process.ts';
import { startRawUpstream } from '../support/raw-upstream.ts';

t.jobs = 4; // They mostly wait, each for itself.

t.test('refuse: while a line waits, calls that change something are refused before anything is spent', async (t) => {
  const { upstream, gateway, post, get, mend, lines, lost, used } = await startAudited(t, { full: true });
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
  const { post, mend, lines, lost } = await startAudited(t, { onAuditFailure: 'continue', full: true });
  for (let n = 0; n < 20; n++) t.equal((await post(`/a?${n}`)).status, 200);
  await mend();
  t.strictSame(
    lines().map(({ target }) => target),
    Array.from({ length: 20 }, (_, n) => `/a?${n}`),
  );
  t.equal(await lost(), 0);
});

t.test('lines that are lost with the process are told, without what may be secret in them', async (t) => {
  const { post, gateway } = await startAudited(t, { onAuditFailure: 'continue', full: true });
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
    const { post, upstream, gateway, file, used } = await startAudited(t, { quotas });
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

t.test('a disk that fills up in the middle of a line costs no line, and is found to have room again', async (t) => {
  const upstream = await startRawUpstream();
  t.teardown(upstream.close);
  const folder = t.testdir();
  const config = join(folder, 'gateway.yaml');
  const file = join(folder, 'audit.log');
  writeFileSync(
    config,
    `${accountAt(upstream.origin)}anonymous: { account: main }
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
