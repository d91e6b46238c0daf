import type { ServerResponse } from 'node:http';
import type { EncodedAnswer } from './answer.ts';
import type { Fault } from './behaviour.ts';

/** Time for the client to read the half that came: a reset on its heels would look like an end in good order. */
const RESET_AFTER_MS = 20;

/** Sends an answer, or as much of it as the fault lets through. */
export function deliver(response: ServerResponse, answer: EncodedAnswer, fault?: Fault): void {
  // The response has no socket of its own yet while an earlier one is under way on the same connection.
  const { socket } = response.req;
  switch (fault) {
    case undefined:
      response.writeHead(answer.status, headersOf(answer, answer.bytes.length)).end(answer.bytes);
      return;
    case 'reset':
      socket.resetAndDestroy();
      return;
    case 'reset-mid-body':
      sendHalf(response, answer, () => setTimeout(() => socket.resetAndDestroy(), RESET_AFTER_MS).unref());
      return;
    case 'stall':
      // Neither answered nor closed, until the client leaves or the sandbox closes.
      return;
    case 'stall-mid-body':
      sendHalf(response, answer, () => {});
      return;
    case 'truncate':
      sendHalf(response, answer, () => socket.destroySoon());
      return;
  }
}

/** Promises at least one byte more than it sends, so that an empty body breaks off too. */
function sendHalf(response: ServerResponse, answer: EncodedAnswer, then: () => void): void {
  response.writeHead(answer.status, headersOf(answer, Math.max(answer.bytes.length, 1)));
  response.flushHeaders();
  response.write(answer.bytes.subarray(0, Math.floor(answer.bytes.length / 2)), then);
}

function headersOf({ status, headers }: EncodedAnswer, length: number): Record<string, string> {
  // RFC 9110 section 8.6: these have no body and say no length.
  return status === 204 || status === 304 ? { ...headers } : { 'content-length': String(length), ...headers };
}
