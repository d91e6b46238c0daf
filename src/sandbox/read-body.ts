import type { IncomingMessage } from 'node:http';
import { Refusal } from './refusal.ts';

/**
 * Reads a body whole.
 *
 * @throws Refusal `body-too-large`, once all of it has come: an answer in mid-upload would be lost with the connection
 * @throws Refusal `aborted` if the client left
 */
export async function readBody(request: IncomingMessage, limitBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of request) {
      size += chunk.length;
      if (size <= limitBytes) chunks.push(chunk);
    }
  } catch {
    throw new Refusal(400, 'aborted', 'the client left before its body was complete');
  }
  if (size > limitBytes) throw new Refusal(413, 'body-too-large', `the body is over ${limitBytes} bytes`);
  return Buffer.concat(chunks);
}
