import { Dispatcher, Pool } from 'undici';
import type { Account } from '../catalog/account.ts';
import { targetOf } from '../signing/upstream-request.ts';
import type { UpstreamCall } from './exchange.ts';
import { withSecondCall } from './second-call.ts';

/** Nothing was written, because too much time had passed since the permit's `sendAt` for the permit's lease to cover the request. */
export class SendBudgetSpent extends Error {}

const CALL = Symbol('upstream call');

/** What goes through reply-from where it expects headers. */
export function carry(call: UpstreamCall): { readonly [CALL]: UpstreamCall } {
  return { [CALL]: call };
}

/** The longest waits, in ms: for a connection, for the response head and between two pieces of its body, and from the permit's `sendAt` to the first byte. */
export interface UpstreamTimeouts {
  readonly connectTimeoutMs: number;
  readonly upstreamTimeoutMs: number;
  readonly sendBudgetMs: number;
}

/** What a call ended with: an answer's head, or an error. */
export type CallEnd = Error | Pick<Dispatcher.ResponseData, 'statusCode' | 'headers'>;

/**
 * Connections to the vendor, one pool per origin and certificate authority: accounts and their secrets come and go, and connections
 * stay. A pool begins with its first call; without calls it holds no connection.
 *
 * Sends a call once, and once more, as another call, where the vendor refused its credential and the account has a next one.
 *
 * A dispatcher, because that is what reply-from takes; but it sends the call that travels in the headers (`carry`) instead of the
 * pieces that reply-from put together. So the bytes that were signed are the bytes that are sent, whatever the library above
 * does to a URL or a header.
 */
export class Upstreams extends Dispatcher {
  readonly #pools = new Map<string, Dispatcher>();
  /** Those, before they were composed. */
  readonly #bare: Pool[] = [];
  readonly #timeouts: UpstreamTimeouts;
  readonly #now: () => number;
  readonly #onEnd: (call: UpstreamCall, end: CallEnd) => void;
  #destroyed = false;

  /**
   * @param options.now monotonic ms, the clock of `Permit.sendAt`
   * @param options.onEnd told of every call's end once, also when nobody waits for the answer any more
   */
  constructor(options: {
    timeouts: UpstreamTimeouts;
    now: () => number;
    onEnd: (call: UpstreamCall, end: CallEnd) => void;
  }) {
    super();
    this.#timeouts = options.timeouts;
    this.#now = options.now;
    this.#onEnd = options.onEnd;
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    return this.#send((options.headers as ReturnType<typeof carry>)[CALL], handler);
  }

  /** How many connections there are, by what they do, and calls that wait for one. */
  connections(): { readonly busy: number; readonly free: number; readonly queued: number } {
    const total = { busy: 0, free: 0, queued: 0 };
    for (const { stats } of this.#bare) {
      const { running, free, queued } = stats;
      total.busy += running;
      total.free += free;
      total.queued += queued;
    }
    return total;
  }

  /** Waits for busy connections, then ends all. */
  override async close(): Promise<void> {
    await Promise.all([...this.#pools.values()].map((pool) => pool.close()));
  }

  /** Breaks off whatever is under way. */
  override async destroy(): Promise<void> {
    this.#destroyed = true;
    await Promise.all([...this.#pools.values()].map((pool) => pool.destroy()));
  }

  #send(call: UpstreamCall, handler: Dispatcher.DispatchHandler): boolean {
    const { method, headers, body } = call.request;
    const sent: SentOptions = { path: targetOf(call.request), method, headers, body, call };
    return this.#poolOf(call.account).dispatch(sent, handler);
  }

  #poolOf({ origin, ca }: Account): Dispatcher {
    const key = `${origin} ${ca ?? ''}`;
    const known = this.#pools.get(key);
    if (known !== undefined) return known;
    const guard: Dispatcher.DispatcherComposeInterceptor = (dispatch) => (sent, handler) => {
      const { call } = sent as SentOptions;
      const { again } = call;
      const answered = again ? withSecondCall(again, handler, (second, next) => this.#send(second, next)) : handler;
      return dispatch(sent, this.#guarded(answered, call));
    };
    const bare = createPool({ origin, ca }, this.#timeouts);
    const pool = bare.compose(guard);
    this.#pools.set(key, pool);
    this.#bare.push(bare);
    // As of any other that was destroyed, its calls then end with an error.
    if (this.#destroyed) void pool.destroy();
    return pool;
  }

  /** Stands between undici and reply-from: at the instant before the first byte, and at a call's end. */
  #guarded(handler: Dispatcher.DispatchHandler, call: UpstreamCall): Dispatcher.DispatchHandler {
    let ended = false;
    const end = (what: CallEnd) => {
      if (!ended) this.#onEnd(call, what);
      ended = true;
    };
    return {
      onRequestStart: (controller, context) => {
        const at = this.#now();
        // One permit pays for one arrival, whatever the client library thinks of sending again.
        if (call.writtenAt !== undefined) throw new Error('a call is never written twice');
        if (at - call.permit.sendAt > this.#timeouts.sendBudgetMs) throw new SendBudgetSpent('send budget spent');
        call.writtenAt = at;
        handler.onRequestStart?.(controller, context);
      },
      onResponseStart: (controller, statusCode, headers, statusMessage) => {
        // Not a status of HTTP (RFC 9110, section 15), so Fastify could not pass it on; as good as no answer.
        if (statusCode < 100 || statusCode > 599) return controller.abort(new Error(`upstream status ${statusCode}`));
        if (statusCode >= 200) end({ statusCode, headers });
        handler.onResponseStart?.(controller, statusCode, headers, statusMessage);
      },
      onResponseData: (...chunk) => handler.onResponseData?.(...chunk),
      onResponseEnd: (...trailers) => handler.onResponseEnd?.(...trailers),
      onResponseError: (controller, error) => {
        end(error);
        handler.onResponseError?.(controller, error);
      },
    };
  }
}

interface SentOptions extends Dispatcher.DispatchOptions {
  readonly call: UpstreamCall;
}

function createPool(
  { origin, ca }: { origin: string; ca: string | undefined },
  { connectTimeoutMs, upstreamTimeoutMs }: UpstreamTimeouts,
): Pool {
  return new Pool(origin, {
    // As many connections as requests (`limits.inFlight` bounds both): one that waited for a connection would eat its send budget.
    connections: null,
    pipelining: 1,
    // Shorter than a server's: on a connection that the vendor is just closing a call is lost, and can't be repeated.
    keepAliveTimeout: 4000,
    keepAliveMaxTimeout: 4000,
    headersTimeout: upstreamTimeoutMs,
    bodyTimeout: upstreamTimeoutMs,
    connect: { timeout: connectTimeoutMs, rejectUnauthorized: true, ...(ca === undefined ? {} : { ca }) },
  });
}
