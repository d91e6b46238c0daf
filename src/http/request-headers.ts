import type { IncomingHttpHeaders } from 'node:http';
import { type TraceContext, traceparentOf } from './trace-context.ts';

/**
 * The caller's headers that reach the vendor. A list of what may pass, not of what may not: a new kind of credential that some
 * service sends stays inside without anyone having to think of it.
 */
const FORWARDED: readonly string[] = [
  'accept',
  'accept-encoding',
  'accept-language',
  'content-encoding',
  'content-language',
  'content-type',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-unmodified-since',
  'range',
  'servicetype',
  'user-agent',
  'x-cnc-api-type',
  'x-time-zone',
];

/**
 * What is sent on of the caller's headers.
 *
 * @param options.privileged headers that act for others (`on-behalf-of`), as far as the caller may send them
 * @param options.trace goes on at the vendor; `tracestate` belongs to a caller's trace alone
 */
export function forwardedHeaders(
  headers: IncomingHttpHeaders,
  { privileged, trace }: { privileged: readonly string[]; trace: TraceContext | undefined },
): Record<string, string> {
  const forwarded: Record<string, string> = { via: '1.1 cdnetworks-gateway' };
  if (trace !== undefined) forwarded['traceparent'] = traceparentOf(trace);
  if (trace?.parentId !== undefined) copy(headers, 'tracestate', forwarded);
  for (const name of FORWARDED) copy(headers, name, forwarded);
  for (const name of privileged) copy(headers, name, forwarded);
  return forwarded;
}

function copy(from: IncomingHttpHeaders, name: string, to: Record<string, string>): void {
  const value = from[name];
  if (value !== undefined) to[name] = Array.isArray(value) ? value.join(', ') : value;
}
