import type { UpstreamCall } from './exchange.ts';
import { errorOf } from './forward.ts';

/** What the vendor means by the statuses with which it refuses a call. */
export const REFUSALS: ReadonlyMap<number, string> = new Map([
  [429, 'throttled'],
  [446, 'throttled'],
  [401, 'signature'],
  [462, 'signature'],
  [403, 'permission'],
]);

/** Why calls have no answer. */
export const UPSTREAM_ERRORS = ['unreachable', 'reset', 'timeout', 'unsent'] as const;

/** Why a call has no answer, in the words of the error that its caller gets. */
export function upstreamReason(call: UpstreamCall, end: Error): (typeof UPSTREAM_ERRORS)[number] {
  const { code } = errorOf(call, end);
  return UPSTREAM_ERRORS.find((reason) => code === `upstream-${reason}`) ?? 'unsent';
}
