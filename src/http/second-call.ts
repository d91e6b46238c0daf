import type { Dispatcher } from 'undici';
import type { UpstreamCall } from './exchange.ts';

/** Whether the vendor refused whoever signed: 462 an access key, 401 an API key (FACTS of its API). Nothing was carried out then. */
export function isRefusal(statusCode: number): boolean {
  return statusCode === 462 || statusCode === 401;
}

/**
 * Stands before a call's handler, and holds a refusal back until it is known whether the call is sent once more with the account's
 * next credential. If so the handler gets the second call's answer, else the refusal as it came. Whichever it is, the handler sees
 * one answer or one error, and never both.
 *
 * @param again gives the second call, as `UpstreamCall.again` does
 * @param send sends the second call for the same handler
 */
export function withSecondCall(
  again: NonNullable<UpstreamCall['again']>,
  handler: Dispatcher.DispatchHandler,
  send: (second: UpstreamCall, handler: Dispatcher.DispatchHandler) => void,
): Dispatcher.DispatchHandler {
  let state: 'passing' | 'holding' | 'replaced' = 'passing';
  // The end of an answer without a body, and of a connection, can't be paused.
  const held: (() => void)[] = [];
  const pass = (step: () => void) => {
    if (state === 'passing') step();
    else if (state === 'holding') held.push(step);
  };

  async function decide(controller: Dispatcher.DispatchController): Promise<void> {
    // Whatever keeps the second call from being made (quota, audit, shutdown), the vendor's own answer stands.
    const second = await again().catch(() => undefined);
    if (second === undefined) {
      state = 'passing';
      for (const step of held) step();
      controller.resume();
    } else {
      state = 'replaced';
      // Rather than read a body that nobody wants: it has no known end, and this happens once for each change of keys.
      controller.abort(new Error('another call takes its place'));
      send(second, handler);
    }
  }

  return {
    onRequestStart: (...start) => handler.onRequestStart?.(...start),
    onResponseStart: (controller, statusCode, ...head) => {
      const isHeld = isRefusal(statusCode);
      if (isHeld) state = 'holding';
      pass(() => handler.onResponseStart?.(controller, statusCode, ...head));
      if (!isHeld) return;
      controller.pause();
      void decide(controller);
    },
    onResponseData: (...chunk) => pass(() => handler.onResponseData?.(...chunk)),
    onResponseEnd: (...end) => pass(() => handler.onResponseEnd?.(...end)),
    onResponseError: (...error) => pass(() => handler.onResponseError?.(...error)),
  };
}
