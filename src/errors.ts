import type { PolicyState } from './quota/store.ts';

/** Every way a request can fail at the gateway. One word for the log, the metric label, the header and the problem type. */
export type ErrorCode =
  | 'request-invalid'
  | 'request-timeout'
  | 'consumer-unknown'
  | 'authentication-limited'
  | 'consumer-forbidden'
  | 'body-too-large'
  | 'headers-too-large'
  | 'target-too-long'
  | 'quota-exceeded'
  | 'quota-unavailable'
  | 'audit-unavailable'
  | 'overloaded'
  | 'upstream-unreachable'
  | 'upstream-reset'
  | 'upstream-timeout'
  | 'shutting-down'
  | 'caller-left'
  | 'internal';

/** What a caller may know beside the message. */
export interface ErrorDetails {
  /** When it is worth trying again; becomes `Retry-After`. */
  readonly retryAfterMs?: number;
  /** Where the account's quotas stand. */
  readonly states?: readonly PolicyState[];
  /** The ways in which a caller can say who it is; become `WWW-Authenticate`. */
  readonly challenges?: readonly string[];
}

/**
 * An error that the gateway answers with. The message is one sentence for the caller: lower case, names the thing,
 * holds no secret and nothing internal. The cause is for the log alone.
 */
export class GatewayError extends Error {
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, message: string, options: { details?: ErrorDetails; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.name = 'GatewayError';
    this.code = code;
    this.details = options.details ?? {};
  }
}

/** The request can't be signed safely, or isn't one that the vendor's API takes. */
export function requestInvalid(reason: string): GatewayError {
  return new GatewayError('request-invalid', reason);
}

/** The request took longer to arrive than `limits.requestTimeout` allows. */
export function requestTimeout(): GatewayError {
  return new GatewayError('request-timeout', 'the request did not arrive in time; nothing was sent');
}

/** Nobody is known by what the request presents. */
export function consumerUnknown(reason: string, challenges: readonly string[]): GatewayError {
  return new GatewayError('consumer-unknown', reason, { details: { challenges } });
}

/** The authorities that vouch for callers have changed since this connection was made. */
export function connectionRetired(): GatewayError {
  return new GatewayError('consumer-unknown', 'this connection proves nobody any more; connect again');
}

/** Too many requests from there have failed to say who they are. */
export function authenticationLimited(reason: string, waitMs: number): GatewayError {
  const seconds = Math.ceil(waitMs / 1000);
  return new GatewayError('authentication-limited', `${reason}; after so many failures, try again in ${seconds} s`, {
    details: { retryAfterMs: waitMs },
  });
}

/** The consumer is known and may not do this. */
export function consumerForbidden(reason: string): GatewayError {
  return new GatewayError('consumer-forbidden', reason);
}

/** The head of the request is larger than `limits.headers`. */
export function headersTooLarge(limitBytes: number): GatewayError {
  return new GatewayError(
    'headers-too-large',
    `the request line and its headers are larger than the limit of ${limitBytes} bytes`,
  );
}

/** Path and query are longer than `limits.url`. */
export function targetTooLong(limitBytes: number): GatewayError {
  return new GatewayError('target-too-long', `the target is longer than the limit of ${limitBytes} bytes`);
}

export function bodyTooLarge(limitBytes: number): GatewayError {
  return new GatewayError('body-too-large', `the body is larger than the limit of ${limitBytes} bytes`);
}

/** A quota would be broken; says which, and when the same call would be admitted. */
export function quotaExceeded(options: {
  account: string;
  interfaceId: string;
  waitMs: number;
  states: readonly PolicyState[];
}): GatewayError {
  const { account, interfaceId, waitMs, states } = options;
  const spent = states
    .filter((state) => state.violated)
    .map((state) => `"${state.name}" (${state.quota} in ${state.windowMs / 1000} s)`);
  // Spent, or closed because the vendor said stop.
  const cause = spent.length > 0 ? `no call is left of ${spent.join(' and ')}` : 'no room for another call just now';
  return new GatewayError(
    'quota-exceeded',
    `account ${account}, ${interfaceId}: ${cause}; try again in ${Math.ceil(waitMs / 1000)} s`,
    { details: { retryAfterMs: waitMs, states } },
  );
}

/** The store can't be asked, and without its answer the quota could be broken. */
export function quotaUnavailable(cause: unknown): GatewayError {
  return new GatewayError('quota-unavailable', 'the quota store cannot be asked; nothing was sent', {
    details: { retryAfterMs: 1000 },
    cause,
  });
}

/** A call that changes something has to be recorded, and can't be. */
export function auditUnavailable(): GatewayError {
  return new GatewayError('audit-unavailable', 'the audit log cannot be written; nothing was sent', {
    details: { retryAfterMs: 1000 },
  });
}

/** As many requests are under way as the gateway, a listener or an account bears (`inFlight`). */
export function overloaded(bearer: { name: string; limit: number; unit?: string }): GatewayError {
  const { name, limit, unit = 'requests' } = bearer;
  return new GatewayError('overloaded', `${name}: ${limit} ${unit} are already under way; nothing was sent`, {
    details: { retryAfterMs: 1000 },
  });
}

/** Turns of the event loop take longer than `limits.eventLoopDelay`: whatever is begun now would take too long. */
export function tooSlow(): GatewayError {
  return new GatewayError('overloaded', 'the gateway is too busy; nothing was sent', {
    details: { retryAfterMs: 1000 },
  });
}

/** Too much time passed between admission and sending (the process was stopped); the permit no longer covers the request. */
export function stoodStill(): GatewayError {
  return new GatewayError('overloaded', 'the gateway stood still before it could send; nothing was sent', {
    details: { retryAfterMs: 1000 },
  });
}

export function upstreamUnreachable(cause: unknown): GatewayError {
  return new GatewayError('upstream-unreachable', 'CDNetworks could not be reached; nothing was sent', { cause });
}

export function upstreamReset(cause: unknown): GatewayError {
  return new GatewayError(
    'upstream-reset',
    'CDNetworks closed the connection before it answered; the call may have been carried out',
    { cause },
  );
}

export function upstreamTimeout(cause: unknown, { sent }: { sent: boolean }): GatewayError {
  return new GatewayError(
    'upstream-timeout',
    sent
      ? 'CDNetworks did not answer in time; the call may have been carried out'
      : 'no connection to CDNetworks in time; nothing was sent',
    { cause },
  );
}

export function shuttingDown(): GatewayError {
  return new GatewayError('shutting-down', 'this gateway is shutting down; nothing was sent', {
    details: { retryAfterMs: 1000 },
  });
}

/** Nobody is there to read the answer any more. */
export function callerLeft(): GatewayError {
  return new GatewayError('caller-left', 'the caller left before its call could be sent; nothing was sent');
}

/** Our own fault. The caller learns nothing of it; the log has the cause. */
export function internal(cause: unknown): GatewayError {
  return new GatewayError('internal', 'the gateway failed; see its log', { cause });
}
