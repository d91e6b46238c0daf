import type { Test } from 'tap';
import type { Away } from './away.ts';
import { assertExact } from './exactness.ts';
import { DEADLINE_MS } from './saturate.ts';

/** Beside the deadline, what a call costs. */
const SMALL_MS = 100;
/** A machine that stands still for longer can't judge. */
const LONGEST_STILL_MS = 1000;

/** Asserts what an outage may do to callers in a mode, and that it is over when Redis is back. */
export function assertAway(
  t: Test,
  away: Away,
  { whenDown, leastUsed }: { whenDown: 'closed' | 'own'; leastUsed: number },
): void {
  const { during, modes, ownAnswersMs, stoodStillMs, recoveredMs, carriedAfterwards, used, outcome } = away;
  const slowMs = ownAnswersMs[Math.floor(0.99 * ownAnswersMs.length)] ?? 0;
  t.comment(
    `answers of a gateway took ${slowMs.toFixed(0)} ms (99 %), at most ${ownAnswersMs.at(-1)?.toFixed(0)} ms, ` +
      `where processes stood still for ${stoodStillMs.toFixed(0)} ms; ready again after ${recoveredMs?.toFixed(0)} ms; ` +
      `${(100 * used).toFixed(1)} % used meanwhile; /readyz said ${[...modes].join()}`,
  );
  assertExact(t, outcome);
  const latestMs = DEADLINE_MS + SMALL_MS + Math.min(stoodStillMs, LONGEST_STILL_MS);
  t.ok(slowMs <= latestMs, `answered within the deadline: ${slowMs} ms`);
  t.ok(recoveredMs !== undefined, 'every gateway is ready again, without a restart');
  t.ok(carriedAfterwards > 0, 'and calls are carried again');
  t.ok(during.length > 0, 'callers went on asking');
  if (whenDown === 'closed') {
    t.strictSame([...modes], ['unreachable']);
    const others = during.filter(({ status, gatewayError }) => status !== 503 || gatewayError !== 'quota-unavailable');
    t.strictSame(others, [], 'every call is refused with quota-unavailable');
    t.ok(
      during.every(({ hasRetryAfter }) => hasRetryAfter),
      'and told when to try again',
    );
  } else {
    t.strictSame([...modes], ['own']);
    t.ok(used > leastUsed, `goes on with the units that it held: ${used}`);
  }
}
