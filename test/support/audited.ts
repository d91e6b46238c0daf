import { readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import type { AuditEntry } from '../../src/audit/audit-log.ts';
import type { Account } from '../../src/catalog/account.ts';
import type { AuditConfig } from '../../src/config/config.ts';
import type { Quotas } from '../../src/quota/policy.ts';
import { send } from '../sandbox/client-answer.ts';
import { accountsAt, configAt, startConfigured } from './gateway.ts';
import { httpAnswer, startRawUpstream } from './raw-upstream.ts';

/** A gateway with an audit log; `full` is for a disk without room. */
export async function startAudited(
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

/** The entries in a file. */
export function linesOf(file: string): AuditEntry[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as AuditEntry);
}
