import { hash } from 'node:crypto';
import type { AuditEntry } from '../audit/audit-log.ts';
import { targetOf } from '../signing/upstream-request.ts';
import type { UpstreamCall } from './exchange.ts';

/**
 * What is recorded of a call that has ended.
 *
 * @param wallMs time of day
 */
export function auditEntryOf(call: UpstreamCall, wallMs: number): AuditEntry {
  const { exchange, account, credential, request, status, cncRequestId, outcome = 'unknown' } = call;
  return {
    time: new Date(wallMs).toISOString(),
    reqId: exchange.id,
    consumer: exchange.consumer?.name ?? 'none',
    account: account.name,
    credential,
    interface: exchange.apiInterface?.id ?? 'none',
    method: request.method,
    target: targetOf(request),
    bodySha256: hash('sha256', request.body),
    outcome,
    ...(status !== undefined && { status }),
    ...(cncRequestId !== undefined && { cncRequestId }),
  };
}
