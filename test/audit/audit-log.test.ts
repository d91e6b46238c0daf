// The record of calls that change something, on files that can and can't be written.
import { execFileSync } from 'node:child_process';
import { appendFileSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { type AuditEntry, AuditLog } from '../../src/audit/audit-log.ts';

function entry(reqId: string, target = '/a'): AuditEntry {
  return {
    time: '2026-01-01T00:00:00.000Z',
    reqId,
    consumer: 'bot',
    account: 'main',
    credential: 'first',
    interface: 'POST /a',
    method: 'POST',
    target,
    bodySha256: 'x',
    outcome: 'sent',
    status: 200,
  };
}

function open(t: Test, file: string, onAuditFailure: 'refuse' | 'continue' = 'refuse') {
  const told: string[] = [];
  const log = new AuditLog(
    { file, onAuditFailure },
    {
      failed: (error) => told.push(`failed ${error instanceof Error && 'code' in error ? error.code : error}`),
      recovered: () => told.push('recovered'),
      lost: ({ reqId }) => told.push(`lost ${reqId}`),
    },
  );
  t.teardown(() => log.close());
  return { log, told };
}

function ids(file: string): string[] {
  return readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => (JSON.parse(line) as AuditEntry).reqId);
}

t.test('a file begins for its owner alone, and what is in it stays', async (t) => {
  const file = join(t.testdir(), 'audit.log');
  const first = open(t, file);
  first.log.record(entry('one'));
  t.equal(statSync(file).mode & 0o777, 0o600);
  t.strictSame(JSON.parse(readFileSync(file, 'utf8')), { ...entry('one') });
  open(t, file).log.record(entry('two'));
  t.strictSame(ids(file), ['one', 'two']);
});

t.test('a line is in the file when `record` returns', async (t) => {
  const file = join(t.testdir(), 'audit.log');
  const { log } = open(t, file);
  for (const id of ['a', 'b', 'c']) {
    log.record(entry(id));
    t.equal(ids(file).at(-1), id);
  }
});

t.test('after the file was put away, a new one begins with the next reopening', async (t) => {
  const file = join(t.testdir(), 'audit.log');
  const { log } = open(t, file);
  log.record(entry('one'));
  renameSync(file, `${file}.1`);
  log.record(entry('two'));
  log.reopen();
  log.record(entry('three'));
  t.strictSame([ids(`${file}.1`), ids(file)], [['one', 'two'], ['three']]);
});

t.test('a file that was removed begins anew, rather than to be written where nobody finds it', async (t) => {
  const file = join(t.testdir(), 'audit.log');
  const { log, told } = open(t, file);
  log.record(entry('one'));
  rmSync(file);
  log.record(entry('two'));
  t.strictSame(ids(file), ['two']);
  t.strictSame(told, []);
});

t.test('a half line of a process before becomes a line of its own', async (t) => {
  const file = join(t.testdir({ 'audit.log': '{"reqId":"whole"}\n{"reqId":"ha' }), 'audit.log');
  open(t, file).log.record(entry('next'));
  t.match(readFileSync(file, 'utf8'), /^\{"reqId":"whole"\}\n\{"reqId":"ha\n\{.*"next".*\}\n$/);
});

for (const onAuditFailure of ['refuse', 'continue'] as const) {
  t.test(`on a full disk, ${onAuditFailure}: lines are kept, and written once there is room`, async (t) => {
    const file = join(t.testdir(), 'audit.log');
    symlinkSync('/dev/full', file);
    const { log, told } = open(t, file, onAuditFailure);
    t.notOk(log.refuses);
    for (const id of ['one', 'two', 'three']) log.record(entry(id));
    t.equal(log.refuses, onAuditFailure === 'refuse');
    t.strictSame(told, ['failed ENOSPC'], 'told once');
    rmSync(file);
    writeFileSync(file, '');
    log.reopen();
    t.strictSame(ids(file), ['one', 'two', 'three']);
    t.notOk(log.refuses);
    t.strictSame(told, ['failed ENOSPC', 'recovered']);
    log.record(entry('four'));
    t.strictSame(ids(file), ['one', 'two', 'three', 'four']);
  });
}

t.test('what can not be written to the end is lost, and told one by one', async (t) => {
  const file = join(t.testdir(), 'audit.log');
  symlinkSync('/dev/full', file);
  const { log, told } = open(t, file);
  log.record(entry('one'));
  log.retry();
  t.strictSame(told, ['failed ENOSPC']);
  log.close();
  t.strictSame(told, ['failed ENOSPC', 'lost one'], 'what is lost is told');
});

t.test('what there is no room to keep is told, and what was kept before is not given up for it', async (t) => {
  const file = join(t.testdir(), 'audit.log');
  symlinkSync('/dev/full', file);
  const { log, told } = open(t, file, 'continue');
  const long = '/'.padEnd(4 * 1024 * 1024, 'a');
  for (const id of ['one', 'two', 'three', 'four', 'five']) log.record(entry(id, long));
  t.strictSame(told, ['failed ENOSPC', 'lost four', 'lost five']);
  rmSync(file);
  log.reopen();
  t.strictSame(ids(file), ['one', 'two', 'three']);
});

t.test('a file that can not be opened: with refuse nothing starts, else it is tried again', async (t) => {
  const folder = t.testdir({ there: '' });
  const file = join(folder, 'later/audit.log');
  t.throws(() => open(t, file), { message: `audit log ${file} cannot be opened (ENOENT)` });
  const { log, told } = open(t, file, 'continue');
  log.record(entry('one'));
  t.strictSame(told, ['failed ENOENT']);
  t.notOk(log.refuses);
  execFileSync('mkdir', [join(folder, 'later')]);
  log.retry();
  t.strictSame(ids(file), ['one']);
  t.strictSame(told, ['failed ENOENT', 'recovered']);
});

t.test('if the new file can not be opened, the one before goes on', async (t) => {
  const folder = t.testdir({ logs: {} });
  const file = join(folder, 'logs/audit.log');
  const { log, told } = open(t, file);
  renameSync(join(folder, 'logs'), join(folder, 'away'));
  log.reopen();
  log.record(entry('one'));
  t.strictSame(told, ['failed ENOENT']);
  t.strictSame(ids(join(folder, 'away/audit.log')), ['one']);
});

t.test('a pipe that nobody reads stops nothing', async (t) => {
  const file = join(t.testdir(), 'pipe');
  execFileSync('mkfifo', [file]);
  t.throws(() => open(t, file), /ENXIO/);
  const { log, told } = open(t, file, 'continue');
  log.record(entry('one'));
  t.strictSame(told, ['failed ENXIO']);
});

t.test('lines that somebody else adds in between stay where they are', async (t) => {
  const file = join(t.testdir({ 'audit.log': '' }), 'audit.log');
  const { log } = open(t, file);
  log.record(entry('one'));
  appendFileSync(file, '{"reqId":"another"}\n');
  log.record(entry('two'));
  t.strictSame(ids(file), ['one', 'another', 'two']);
});
