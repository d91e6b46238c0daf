import type { Test } from 'tap';
import { type Outcome, QUOTA } from './saturate.ts';

/** Asserts what holds whatever happens: nobody overspent, and the vendor refused nothing. */
export function assertExact(t: Test, outcome: Outcome): void {
  const { worstOfAccount, worstOfInterface, throttled, refused, complaints } = outcome;
  t.ok(worstOfAccount <= QUOTA.account, `worst window of the account: ${worstOfAccount} of ${QUOTA.account}`);
  t.ok(worstOfInterface <= QUOTA.interface, `worst window of an interface: ${worstOfInterface} of ${QUOTA.interface}`);
  t.equal(throttled, 0, 'no call is answered 446');
  t.strictSame(refused, {}, 'no signature is refused');
  t.equal(complaints, '', 'no gateway complains');
}

/** One line of figures. */
export function toLine(outcome: Outcome): string {
  const { arrivals, worstOfAccount, worstOfInterface, meanRoundTripMs, meanUpstreamMs, answers } = outcome;
  const percent = (part: number) => `${(100 * part).toFixed(1)} %`;
  return [
    `${arrivals} arrivals`,
    `worst ${worstOfAccount} / ${worstOfInterface}`,
    `utilisation ${percent(outcome.utilisation)}`,
    `round trips ${meanRoundTripMs.toFixed(0)} ms, vendor's ${meanUpstreamMs.toFixed(0)} ms`,
    Object.entries(answers)
      .map(([kind, count]) => `${count} × ${kind}`)
      .join(', '),
  ].join('; ');
}
