import { randomUUID } from 'node:crypto';

/** Where a request belongs in a trace (W3C Trace Context). */
export interface TraceContext {
  /** 32 hex digits. */
  readonly traceId: string;
  /** 16 hex digits: the caller's span, or absent where the trace begins here. */
  readonly parentId?: string;
  /** This exchange's own span. */
  readonly spanId: string;
  readonly sampled: boolean;
}

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/**
 * Goes on in the trace of a `traceparent`, or begins one: without a caller's, and with one that is not as the recommendation has it
 * (W3C Trace Context, section 3.2.2: version `ff`, ids of zeros only, a version 00 with more behind it).
 */
export function traceContextOf(traceparent: string | undefined): TraceContext {
  const spanId = newId().slice(16);
  const [, version, traceId = '', parentId = '', flags = '', rest] = TRACEPARENT.exec(traceparent ?? '') ?? [];
  const isValid =
    version !== undefined &&
    version !== 'ff' &&
    !/^0+$/.test(traceId) &&
    !/^0+$/.test(parentId) &&
    (version !== '00' || rest === undefined);
  if (!isValid) return { traceId: newId(), spanId, sampled: false };
  return { traceId, parentId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

/** The `traceparent` of what this exchange calls. */
export function traceparentOf({ traceId, spanId, sampled }: TraceContext): string {
  return `00-${traceId}-${spanId}-0${sampled ? 1 : 0}`;
}

/** The 32 digits of a random UUID: in both halves 60 bits and more are random, and neither is ever all zeros (RFC 9562, section 5.4). */
function newId(): string {
  return randomUUID().replaceAll('-', '');
}
