import type { Span } from '@opentelemetry/api';
import type { Account } from '../catalog/account.ts';
import type { ApiInterface } from '../catalog/api-interface.ts';
import type { Consumer } from '../catalog/consumer.ts';
import type { GatewayError } from '../errors.ts';
import type { Outcome, Wait } from '../quota/gate.ts';
import type { Permit, PolicyState } from '../quota/store.ts';
import type { Target } from '../signing/target.ts';
import type { UpstreamRequest } from '../signing/upstream-request.ts';
import type { Heard } from './heard.ts';
import type { Stay } from './in-flight.ts';
import type { TraceContext } from './trace-context.ts';

/** What is known so far of one request and its answer. Each stage of the flow adds what it found; none reads the future. */
export interface Exchange {
  readonly id: string;
  /** Monotonic ms. */
  readonly startedAt: number;
  /** Monotonic ms: its body is here; where it has one. */
  receivedAt?: number;
  /** Absent where no request could be read. */
  readonly trace?: TraceContext;
  /** Where somebody records spans. */
  readonly span?: Span;
  /** Where it counts as one that is under way. */
  stay?: Stay;
  /** After `x-http-method-override`. */
  method: string;
  heard?: Heard;
  /** Who it says it is, while that is not proven yet. */
  claimed?: string;
  /** Who it has proven to be. */
  consumer?: Consumer;
  account?: Account;
  target?: Target;
  apiInterface?: ApiInterface;
  decision?: 'admitted' | 'denied';
  /** Where it had to wait for its units. */
  wait?: Wait;
  call?: UpstreamCall;
  /** The one before it, where the vendor refused the first credential: it has an id of the vendor's as well. */
  refusedCall?: UpstreamCall | undefined;
  /** The answer's body broke off after its head was passed on. */
  truncated?: boolean;
  /** What the gateway answered with, where it answered by itself. */
  error?: GatewayError;
}

/** An admitted, signed request on its way to the vendor, and what became of it. */
export interface UpstreamCall {
  /** What it is made for; one exchange may make two calls. */
  readonly exchange: Exchange;
  readonly account: Account;
  /** Which of the account's credentials has signed it. */
  readonly credential: 'first' | 'next';
  /** The interface's metric label. */
  readonly label: string;
  readonly request: UpstreamRequest;
  readonly permit: Permit;
  /** Where the quotas stood at its admission. */
  readonly states: readonly PolicyState[];
  /**
   * Where the account has a next credential and this call isn't signed with it: gives the same call, admitted anew and signed with
   * that. Undefined if it isn't to be made; rejects if no unit is left for it.
   */
  readonly again?: () => Promise<UpstreamCall | undefined>;
  /** Monotonic ms of the instant before the first byte; absent while no byte has left. */
  writtenAt?: number;
  /** Monotonic ms of the response head. */
  answeredAt?: number;
  status?: number;
  cncRequestId?: string;
  outcome?: Outcome['kind'];
  /** Called once the outcome is known, if the caller has left before. */
  onSettled?: () => void;
}

/** How a response ended. */
export interface Ending {
  /** 499, as nginx has it, if the caller left before the answer: there is no status that it saw. */
  readonly status: number;
  /** The caller didn't wait for the end of its answer. */
  readonly left: boolean;
  readonly remoteAddress: string | undefined;
}

/** How long it waited for its units, if it had to. A wait that the caller or a shutdown ended was as long as the exchange. */
export function waitedMsOf({ wait }: Exchange, at: number): number | undefined {
  return wait && Math.min(wait.until, at) - wait.from;
}

/** From the first byte to the vendor to the head of its answer, if there was one. */
export function upstreamMsOf({ writtenAt, answeredAt }: UpstreamCall): number | undefined {
  return answeredAt === undefined ? undefined : answeredAt - (writtenAt ?? answeredAt);
}

declare module 'fastify' {
  interface FastifyRequest {
    exchange: Exchange;
  }
}
