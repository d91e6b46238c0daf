import type { Bearer, Stay } from './in-flight.ts';

/** In all: a quarter of the places that a gateway has by default, so that strangers leave most of them to others. */
const MOST = 128;
/** With one access key from one address. */
const MOST_OF_ONE = 32;
/** With one that failed again and again from there: enough for who has the right secret and shares the address. */
const MOST_OF_ONE_THAT_FAILED = 8;
/** So many of the largest bodies may be on their way: in all, with one key from one address, and with one that failed there. */
const MOST_BODIES = 16;
const MOST_BODIES_OF_ONE = 4;
const MOST_BODIES_OF_ONE_THAT_FAILED = 1;

const ALL = 'requests that nobody has proven yet';
const BYTES = 'bodies of requests that nobody has proven yet';

/**
 * Lets in a request that can't be proven before its body is here. Whoever knows the id of an access key can send such requests, so
 * these bear on bounds of their own until they are proven.
 *
 * @param request.key of the access key and the address
 * @param request.bytes of its body
 * @throws `overloaded`
 */
export function enterUnproven(
  stay: Stay,
  request: { key: string; failed: boolean; bytes: number; bodyLimitBytes: number },
): void {
  const { key, failed, bytes, bodyLimitBytes } = request;
  stay.enter({ name: ALL, limit: MOST });
  stay.enter(bearerOf(key, failed));
  const most = failed ? MOST_BODIES_OF_ONE_THAT_FAILED : MOST_BODIES_OF_ONE;
  const weight = Math.min(bytes, bodyLimitBytes);
  stay.enter({ name: bodiesOf(key), limit: most * bodyLimitBytes, unit: 'bytes' }, weight);
  stay.enter({ name: BYTES, limit: MOST_BODIES * bodyLimitBytes, unit: 'bytes' }, weight);
}

/** It is proven, or refused. */
export function leaveUnproven(stay: Stay, key: string): void {
  for (const name of [ALL, bearerOf(key).name, bodiesOf(key), BYTES]) stay.leave(name);
}

function bodiesOf(key: string): string {
  return `unproven bodies from ${key}`;
}

function bearerOf(key: string, failed = false): Bearer & { readonly limit: number } {
  return { name: `unproven from ${key}`, limit: failed ? MOST_OF_ONE_THAT_FAILED : MOST_OF_ONE };
}
