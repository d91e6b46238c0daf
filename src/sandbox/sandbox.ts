import { randomBytes } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { encode } from './answer.ts';
import { answerUnread, type ParserError, toUnreadRefusal } from './answer-unread.ts';
import { headerLines, toArrival } from './arrival.ts';
import { type Behaviour, BehaviourList, override, parseBehaviour } from './behaviour.ts';
import { controlListener } from './control.ts';
import { deliver } from './deliver.ts';
import { DEMO_ACCESS_KEY, DEMO_API_KEY, DEMO_SECRET_KEY, DEMO_USERNAME } from './demo-credentials.ts';
import { interfaceOf, readInterfaceCatalogue } from './interface-of.ts';
import { leakedHeaders } from './leaked-headers.ts';
import { QuotaLog, type SandboxQuota } from './quota-log.ts';
import { readBody } from './read-body.ts';
import { Refusal, refusalAnswer } from './refusal.ts';
import { ReplayLog } from './replay-log.ts';
import { type SandboxReport, Tally } from './report.ts';
import { shape, throttled } from './shapes.ts';
import { verify } from './verify.ts';

/** Where a sandbox listens, whom it knows and how much it lets through. */
export interface SandboxOptions {
  /** Default 127.0.0.1, for both ports. */
  readonly host?: string;
  /** Default 0: any free port. */
  readonly port?: number;
  /** Default 0: any free port. */
  readonly controlPort?: number;
  /** Access key → secret key. Without these and `apiKeys`, the demo credentials. */
  readonly accessKeys?: Readonly<Record<string, string>>;
  /** Username → API key. */
  readonly apiKeys?: Readonly<Record<string, string>>;
  /** Access key or username → the account whose quota it spends. A key that isn't here is an account of its own. */
  readonly accountOf?: Readonly<Record<string, string>>;
  /** Default 300 an account and 30 an interface in any 5 minutes. */
  readonly quota?: SandboxQuota;
  /** Both in ms; the default is the real time. Delays always take real time. */
  readonly clock?: { wall(): number; monotonic(): number };
}

/** A running sandbox. */
export interface Sandbox {
  /** Where the API is: `http://127.0.0.1:49152`. */
  readonly origin: string;
  /** Where `/__sandbox/report`, `/__sandbox/reset` and `/__sandbox/behave` are. */
  readonly control: string;
  report(): SandboxReport;
  /** Forgets all counts, windows, used signatures and rules. A request under way still counts where it began. */
  reset(): void;
  /** Adds a rule; the latest that fits a request wins. @throws TypeError for a rule that can't be followed */
  behave(rule: Behaviour): void;
  /** Ends every connection at once. */
  close(): Promise<void>;
}

const BODY_LIMIT_BYTES = 64 * 1024 * 1024;
const DEFAULT_QUOTA: SandboxQuota = { account: 300, interface: 30, windowMs: 300_000 };
const REAL_CLOCK = { wall: () => Date.now(), monotonic: () => performance.now() };

/**
 * Starts a stand-in for the CDNetworks API. It verifies both signing schemes from the raw bytes, refuses what the vendor would
 * (and what its own SDKs disagree on), counts exactly, throttles, and breaks connections when told to.
 *
 * The vendor's legacy methods ENABLE and DISABLE are not served, as Node's HTTP parser doesn't know them: they are refused.
 */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { host = '127.0.0.1', clock = REAL_CLOCK } = options;
  const keys = keysOf(options);
  const accountOf = new Map(Object.entries(options.accountOf ?? {}));
  const catalogue = readInterfaceCatalogue();
  const openBooks = () => ({
    tally: new Tally(),
    quotaLog: new QuotaLog(options.quota ?? DEFAULT_QUOTA),
    replays: new ReplayLog(),
    behaviours: new BehaviourList(),
  });
  let books = openBooks();
  const closing = new AbortController();
  setMaxListeners(0, closing.signal);

  const commonHeaders = () => ({
    'x-cnc-request-id': randomBytes(16).toString('hex'),
    date: new Date(clock.wall()).toUTCString(),
  });

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { tally, quotaLog, replays, behaviours } = books;
    const { method = '', url: target = '' } = request;
    const headers = headerLines(request.rawHeaders);
    tally.arrive(leakedHeaders(headers));
    for (const [name, value] of Object.entries(commonHeaders())) response.setHeader(name, value);
    try {
      if (request.httpVersion === '1.1' && !headers.has('host')) {
        throw new Refusal(400, 'malformed', 'an HTTP/1.1 request has a Host');
      }
      const arrival = toArrival({ method, target, headers, body: await readBody(request, BODY_LIMIT_BYTES) });
      const at = { wallMs: clock.wall(), monotonicMs: clock.monotonic() };
      const key = verify(arrival, { ...keys, replays }, at);
      tally.verify();
      const apiInterface = interfaceOf(arrival, catalogue);
      const account = accountOf.get(key) ?? key;
      const decision = quotaLog.arrive({ account, apiInterface, at: at.monotonicMs });
      if (decision !== 'admitted') {
        tally.throttle();
        deliver(response, encode(throttled(decision), headers));
        return;
      }
      const rule = behaviours.take(arrival);
      await pause(rule, closing.signal);
      deliver(response, override(encode(shape(arrival, apiInterface), headers), rule), rule.fault);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      tally.refuse(error.cause);
      deliver(response, encode(refusalAnswer(error), headers));
    }
  }

  /** What Node's parser can't read: an arrival like any other, and refused. */
  function refuseUnread(socket: Duplex, refusal: Refusal): void {
    books.tally.arrive([]);
    books.tally.refuse(refusal.cause);
    answerUnread(socket, refusal, commonHeaders());
  }

  const controls = {
    report: () => ({ ...books.tally.report(), ...books.quotaLog.report() }),
    reset: () => {
      books = openBooks();
    },
    behave: (rule: Behaviour) => books.behaviours.add(parseBehaviour(rule)),
  };
  const api = createServer({ keepAliveTimeout: 60_000, requireHostHeader: false }, serve);
  // Node would answer 417 itself, and the leaked `expect` would go unseen.
  api.on('checkExpectation', serve);
  api.on('clientError', (error: ParserError, socket) => {
    // An upload that broke off has its refusal already.
    if (!socket.writable || error.code === 'HPE_INVALID_EOF_STATE') socket.destroy();
    else refuseUnread(socket, toUnreadRefusal(error));
  });
  api.on('connect', (_request, socket) => {
    socket.on('error', () => {}).resume();
    refuseUnread(socket, new Refusal(400, 'malformed', 'there is no CONNECT'));
  });
  const control = createServer(controlListener({ ...controls, clearBehaviours: () => books.behaviours.clear() }));
  const close = async () => {
    closing.abort();
    await Promise.all([stop(api), stop(control)]);
  };
  try {
    return {
      origin: await listen(api, host, options.port ?? 0),
      control: await listen(control, host, options.controlPort ?? 0),
      ...controls,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function keysOf({ accessKeys, apiKeys }: SandboxOptions): {
  accessKeys: ReadonlyMap<string, string>;
  apiKeys: ReadonlyMap<string, string>;
} {
  const isDemo = accessKeys === undefined && apiKeys === undefined;
  return {
    accessKeys: new Map(Object.entries(isDemo ? { [DEMO_ACCESS_KEY]: DEMO_SECRET_KEY } : (accessKeys ?? {}))),
    apiKeys: new Map(Object.entries(isDemo ? { [DEMO_USERNAME]: DEMO_API_KEY } : (apiKeys ?? {}))),
  };
}

async function pause({ delayMs = 0, jitterMs = 0 }: Behaviour, closing: AbortSignal): Promise<void> {
  const ms = delayMs + Math.random() * jitterMs;
  // Cut short when the sandbox closes: by then there is nobody left to answer.
  if (ms > 0) await sleep(ms, undefined, { signal: closing }).catch(() => {});
}

function listen(server: Server, host: string, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      const bound = server.address();
      if (bound === null || typeof bound === 'string') return reject(new TypeError('not a TCP listener'));
      resolve(`http://${bound.family === 'IPv6' ? `[${bound.address}]` : bound.address}:${bound.port}`);
    });
  });
}

function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
