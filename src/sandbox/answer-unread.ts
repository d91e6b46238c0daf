import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { encode } from './answer.ts';
import { Refusal, refusalAnswer } from './refusal.ts';

/** For a client that still sends: closed at once, its connection would be reset, and a reset may overtake the answer. */
const LINGER_MS = 1000;

/** Answers a request that Node's parser gave up on, and ends its connection: there is no response to answer it with. */
export function answerUnread(socket: Duplex, refusal: Refusal, common: Readonly<Record<string, string>>): void {
  const { status, headers, bytes } = encode(refusalAnswer(refusal), new Map());
  const lines = Object.entries({ ...common, ...headers, 'content-length': bytes.length, connection: 'close' }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${bytes}`);
  setTimeout(() => socket.destroy(), LINGER_MS).unref();
}

/** What Node tells of a request that its parser can't read. */
export interface ParserError extends Error {
  readonly code?: string;
  readonly rawPacket?: Buffer;
}

/** Why a request can't be read, as the refusal of it. */
export function toUnreadRefusal({ code, rawPacket }: ParserError): Refusal {
  const [method = ''] = String(rawPacket).split(' ', 1);
  const message = /^(?:ENABLE|DISABLE)$/.test(method)
    ? `this sandbox is built on Node's HTTP parser, which does not know the method ${method}`
    : `not a well-formed HTTP/1.1 request (${code})`;
  return new Refusal(400, 'malformed', message);
}
