// Asks the verifier itself, for what a socket can't carry and for thousands of requests at once.
import { type Arrival, headerLines, toArrival } from '../../src/sandbox/arrival.ts';
import type { Keyring } from '../../src/sandbox/keyring.ts';
import { Refusal } from '../../src/sandbox/refusal.ts';
import { ReplayLog } from '../../src/sandbox/replay-log.ts';
import { verify } from '../../src/sandbox/verify.ts';

/** What the verifier says of a request: `accepted`, or the cause of a refusal with status 462. */
export function verdict(arrival: Arrival, keyring: Keyring, seconds: number): string {
  try {
    verify(arrival, keyring, { wallMs: seconds * 1000, monotonicMs: 0 });
    return 'accepted';
  } catch (error) {
    return error instanceof Refusal && error.status === 462 ? error.cause : `unexpected: ${error}`;
  }
}

/** A request as it would come off the wire. */
export function arrivalOf(request: {
  method?: string;
  target: string;
  headers: Record<string, string>;
  body?: string;
}): Arrival {
  const { method = 'GET', target, headers, body = '' } = request;
  return toArrival({ method, target, headers: headerLines(Object.entries(headers).flat()), body: Buffer.from(body) });
}

/** A keyring with one key, whose signatures are all unused. */
export function freshKeyring({ accessKey, secretKey }: { accessKey: string; secretKey: string }): Keyring {
  return { accessKeys: new Map([[accessKey, secretKey]]), apiKeys: new Map(), replays: new ReplayLog() };
}
