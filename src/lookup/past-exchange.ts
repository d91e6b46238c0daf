/** What is told of an exchange that is over: never a query, a body, a header of the caller's or a secret. */
export interface PastExchange {
  /** When it began: RFC 3339, UTC, with milliseconds. */
  readonly time: string;
  /** Which process carried it: `host:pid`. */
  readonly replica: string;
  /** The gateway's own name for it, as in its log. */
  readonly reqId: string;
  /** The vendor's, from `x-cnc-request-id`; cut off after `LONGEST.id`. */
  readonly cncRequestId?: string | undefined;
  /** The vendor's too, of a call before, whose credential it refused. */
  readonly refusedCncRequestId?: string | undefined;
  /** What exemplars have for these two, where that isn't the same. */
  readonly exemplarIds?: readonly string[] | undefined;
  /** Of W3C Trace Context: the caller's, or the gateway's own. */
  readonly traceId?: string | undefined;
  readonly consumer?: string | undefined;
  readonly account?: string | undefined;
  readonly interface?: string | undefined;
  readonly method: string;
  /** Without the query; cut off after `LONGEST.path`. */
  readonly path?: string | undefined;
  readonly decision?: 'admitted' | 'denied' | undefined;
  /** The code of the gateway's own error, if that was the answer. */
  readonly reason?: string | undefined;
  /** What became of the call to the vendor, if there was one. */
  readonly outcome?: string | undefined;
  readonly status: number;
  readonly upstreamStatus?: number | undefined;
  /** From its first byte to its last, waits included. */
  readonly durationMs: number;
  readonly waitedMs?: number | undefined;
  /** Until the vendor's response head. */
  readonly upstreamMs?: number | undefined;
}

/** The most characters that are kept of what a caller or the vendor may make as long as it likes. */
export const LONGEST = { id: 128, interface: 256, path: 256 } as const;

/** Which exchanges are looked for; all that is given must be so. */
export interface ExchangeQuery {
  /** The vendor's id, the gateway's, or that of the trace. */
  readonly id?: string;
  /** The vendor's, of either call, as it is or as an exemplar has it. */
  readonly cncRequestId?: string;
  readonly consumer?: string;
  readonly account?: string;
  readonly interface?: string;
  /** Only those that the gateway answered without asking the vendor. */
  readonly refused?: true;
  readonly limit: number;
}

/** Exchanges are kept apart by this, so that a flood of refusals pushes no call out. */
export type ExchangeKind = 'calls' | 'refusals';

/** How many of each kind are kept; of whatever is older nothing is known any more. */
export const KEPT: Readonly<Record<ExchangeKind, number>> = { calls: 10_000, refusals: 2000 };

/** A call, or a refusal: one that the gateway answered without asking the vendor. */
export function kindOf({ outcome }: PastExchange): ExchangeKind {
  return outcome === undefined ? 'refusals' : 'calls';
}

/** The kinds that a query looks through. */
export function kindsOf({ refused }: ExchangeQuery): readonly ExchangeKind[] {
  return refused ? ['refusals'] : ['calls', 'refusals'];
}

/**
 * Makes a function that reads the text of an exchange if it is one that is looked for. Most texts are passed over without being
 * parsed: thousands of them take milliseconds. A text that is no exchange is passed over too: others may write to a Redis as well.
 */
export function createReader(query: ExchangeQuery): (text: string) => PastExchange | undefined {
  const { id, cncRequestId, consumer, account, interface: apiInterface } = query;
  const wanted = { consumer, account, interface: apiInterface };
  const sought = Object.entries(wanted).filter(([, value]) => value !== undefined);
  const needles = [id, cncRequestId, ...sought.map(([, value]) => value)].flatMap((value) =>
    value === undefined ? [] : [JSON.stringify(value)],
  );
  return (text) => {
    if (!needles.every((needle) => text.includes(needle))) return undefined;
    const exchange = parsed(text);
    if (exchange === undefined) return undefined;
    const { exemplarIds = [], reqId, traceId } = exchange;
    const vendors = [exchange.cncRequestId, exchange.refusedCncRequestId, ...exemplarIds];
    if (cncRequestId !== undefined && !vendors.includes(cncRequestId)) return undefined;
    if (id !== undefined && ![...vendors, reqId, traceId].includes(id)) return undefined;
    const fits = sought.every(([name, value]) => Reflect.get(exchange, name) === value);
    return fits ? exchange : undefined;
  };
}

function parsed(text: string): PastExchange | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isPastExchange(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Whether it has all that an exchange always has, and beside that nothing but text and numbers. */
function isPastExchange(value: unknown): value is PastExchange {
  if (typeof value !== 'object' || value === null) return false;
  const { exemplarIds = [], ...facts } = value as Partial<PastExchange>;
  const { time, replica, reqId, method, status, durationMs } = facts;
  return (
    [time, replica, reqId, method].every(isText) &&
    [status, durationMs].every(isNumber) &&
    Array.isArray(exemplarIds) &&
    exemplarIds.every(isText) &&
    Object.values(facts).every((fact) => isText(fact) || isNumber(fact))
  );
}

/** Half a pair of surrogates stands for no character, and no link can hold it. */
function isText(value: unknown): boolean {
  return typeof value === 'string' && !/\p{Surrogate}/u.test(value);
}

function isNumber(value: unknown): boolean {
  return typeof value === 'number';
}

/** Several lists as one: newest first, each exchange once. */
export function merge(lists: readonly (readonly PastExchange[])[], limit: number): readonly PastExchange[] {
  const distinct = new Map(lists.flat().map((exchange) => [`${exchange.replica} ${exchange.reqId}`, exchange]));
  return [...distinct.values()].sort((a, b) => compare(b.time, a.time) || compare(b.reqId, a.reqId)).slice(0, limit);
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
