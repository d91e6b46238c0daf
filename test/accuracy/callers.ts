import { setTimeout as pause } from 'node:timers/promises';
import { Agent } from 'undici';

/** What one call came to. Instants are monotonic ms of the test. */
export interface Answer {
  readonly sentAt: number;
  readonly answeredAt: number;
  /** 0 if no answer came. */
  readonly status: number;
  /** `x-gateway-error`, where the gateway itself answered. */
  readonly gatewayError: string;
  readonly hasRetryAfter: boolean;
}

/** Callers that never stop asking. */
export interface Callers {
  readonly answers: readonly Answer[];
  /** Lets the calls under way end. */
  stop(): Promise<void>;
}

/** Callers of the first interfaces and of the others. The first have more than an interface's quota of them. */
const BUSY_INTERFACES = 5;
const HANDS_OF_BUSY = 10;
const HANDS_OF_OTHERS = 2;
/** Together they ask some hundred times a second, so a unit that frees is asked for within a few milliseconds. */
const SHORTEST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 300;
/** One call in so many repeats another of its interface, so that only the signing second tells them apart. */
const ONE_REPEATS_IN = 4;

/**
 * Starts callers, each of one interface, each call to one of the gateways at random: so that every gateway gets calls of every
 * interface, also while some of them are down.
 */
export function startCallers(urls: readonly string[], paths: readonly string[]): Callers {
  const agent = new Agent({ connections: null, headersTimeout: 20_000, connect: { timeout: 2000 } });
  const answers: Answer[] = [];
  let stopped = false;
  let stopping: Promise<void> | undefined;
  let count = 0;

  async function call(path: string): Promise<Answer> {
    const origin = urls[Math.floor(Math.random() * urls.length)] ?? '';
    const query = count++ % ONE_REPEATS_IN === 0 ? '' : `?n=${count}`;
    const sentAt = performance.now();
    try {
      const { statusCode, headers, body } = await agent.request({ origin, path: `${path}${query}`, method: 'GET' });
      const answeredAt = performance.now();
      await body.dump();
      const gatewayError = String(headers['x-gateway-error'] ?? '');
      return { sentAt, answeredAt, status: statusCode, gatewayError, hasRetryAfter: 'retry-after' in headers };
    } catch {
      return { sentAt, answeredAt: performance.now(), status: 0, gatewayError: '', hasRetryAfter: false };
    }
  }
  async function worker(path: string): Promise<void> {
    while (!stopped) {
      const answer = await call(path);
      answers.push(answer);
      if (answer.status !== 200) {
        await pause(SHORTEST_PAUSE_MS + Math.random() * (LONGEST_PAUSE_MS - SHORTEST_PAUSE_MS));
      }
    }
  }

  const workers = paths.flatMap((path, index) =>
    Array.from({ length: index < BUSY_INTERFACES ? HANDS_OF_BUSY : HANDS_OF_OTHERS }, () => worker(path)),
  );
  return {
    answers,
    stop() {
      stopped = true;
      stopping ??= Promise.all(workers).then(() => agent.close());
      return stopping;
    },
  };
}
