// Speaks HTTP to a sandbox through real sockets.
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { setImmediate as turnEnd } from 'node:timers/promises';
import { accessKeyHeaders, type ClientRequest } from './client-request.ts';

/** An answer read whole. */
export interface ClientAnswer {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly bytes: Buffer;
}

/**
 * Sends a request as given and reads its answer; rejects if the connection breaks. A gateway of this process has told of it by then,
 * which it does once the turn of the event loop is over.
 */
export async function send(
  origin: string,
  { method = 'GET', target, headers = {}, body, agent = new Agent() }: SentRequest,
): Promise<ClientAnswer> {
  const { hostname, port } = new URL(origin);
  const answered = new Promise<ClientAnswer>((resolve, reject) => {
    const sent = request({ hostname, port, method, path: target, headers, agent }, (message) => {
      buffer(message).then(
        (bytes) => resolve({ status: message.statusCode ?? 0, headers: message.headers, bytes }),
        reject,
      );
    });
    sent.on('error', reject).end(body);
  });
  return answered.finally(() => turnEnd());
}

interface SentRequest {
  readonly method?: string;
  readonly target: string;
  readonly headers?: Record<string, string | string[]>;
  readonly body?: string | Buffer | undefined;
  readonly agent?: Agent;
}

const startSeconds = Math.floor(Date.now() / 1000);
let calls = 0;

/** A timestamp that no other call of this process has, however the seconds turn: a repeated one may be refused as a replay. */
function ownTimestamp(): string {
  calls += 1;
  return String(startSeconds - (calls % 250));
}

/** Sends a request signed with the sandbox's demo key; a time of its own keeps each apart from the others. */
export function call(
  origin: string,
  request: Partial<ClientRequest> & { readonly target: string },
  headers: Record<string, string> = {},
): Promise<ClientAnswer> {
  const { timestamp = ownTimestamp() } = request;
  const signed = { ...request, host: new URL(origin).host, timestamp };
  return send(origin, { ...request, headers: { ...accessKeyHeaders(signed), ...headers } });
}

/** What a raw connection received until it ended, and how it ended. */
export interface RawAnswer {
  readonly text: string;
  readonly end: 'FIN' | 'RST' | 'open';
}

/** Writes bytes to a connection; resolves when it ends or, if `until` is given, as soon as that text has come. */
export function sendRaw(origin: string, text: string, until?: string): Promise<RawAnswer> {
  const { hostname, port } = new URL(origin);
  return new Promise((resolve) => {
    let received = '';
    const socket = connect({ host: hostname, port: Number(port) }, () => socket.write(text, 'latin1'));
    const finish = (end: RawAnswer['end']) => {
      resolve({ text: received, end });
      socket.destroy();
    };
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      received += chunk;
      if (until !== undefined && received.includes(until)) finish('open');
    });
    socket.on('end', () => finish('FIN')).on('error', () => finish('RST'));
  });
}

/** The text of a signed GET, to be sent raw. */
export function rawGet(origin: string, target: string): string {
  const headers = accessKeyHeaders({ target, host: new URL(origin).host, timestamp: ownTimestamp() });
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `GET ${target} HTTP/1.1\r\n${lines.join('')}\r\n`;
}
