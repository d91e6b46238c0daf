// An upstream without an HTTP library: it records the bytes that came and answers with the bytes it is given.
import { EventEmitter, once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';

/** A request as it stood on the wire. */
export interface WireRequest {
  /** From the first byte of the request line to the last of the body. */
  readonly bytes: Buffer;
  readonly method: string;
  readonly target: string;
  /** Names and values as sent, in the order sent. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
}

/** What happens when a request has come whole; a text or bytes are written as they are. */
export type WireAnswer = string | Buffer | ((socket: Socket, request: WireRequest) => void);

/** A running upstream. */
export interface RawUpstream {
  /** `http://127.0.0.1:49152`, or `https` with a certificate. */
  readonly origin: string;
  /** In the order of their arrival. */
  readonly requests: readonly WireRequest[];
  /** Bytes that came, also those that are no whole request. Of TLS, what was inside. */
  bytesReceived(): number;
  openConnections(): number;
  /** Connections ever accepted. */
  connections(): number;
  /** From now on. Without it every request gets an empty JSON object. */
  answerWith(answer: WireAnswer): void;
  /** Resolves once a condition holds; looks again whenever a connection opens or closes and a request arrives. */
  until(condition: () => boolean): Promise<void>;
  close(): Promise<void>;
}

/** Starts an upstream on a free loopback port. */
export async function startRawUpstream(options: { tls?: { key: string; cert: string } } = {}): Promise<RawUpstream> {
  const events = new EventEmitter().setMaxListeners(0);
  const requests: WireRequest[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  let bytesReceived = 0;
  let answer: WireAnswer = httpAnswer('200 OK', {}, '{}');

  function accept(socket: Socket): void {
    connections++;
    sockets.add(socket);
    let waiting: Buffer = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      bytesReceived += chunk.length;
      waiting = waiting.length === 0 ? chunk : Buffer.concat([waiting, chunk]);
      for (let request = firstOf(waiting); request !== undefined; request = firstOf(waiting)) {
        waiting = waiting.subarray(request.bytes.length);
        requests.push(request);
        if (typeof answer === 'function') answer(socket, request);
        else socket.write(answer);
        events.emit('change');
      }
    });
    // A gateway that breaks a connection off is what some tests are about.
    socket.on('error', () => {});
    socket.on('close', () => {
      sockets.delete(socket);
      events.emit('change');
    });
    events.emit('change');
  }

  const server = options.tls === undefined ? createServer(accept) : createTlsServer(options.tls, accept);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    origin: `${options.tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    requests,
    bytesReceived: () => bytesReceived,
    openConnections: () => sockets.size,
    connections: () => connections,
    answerWith(next) {
      answer = next;
    },
    async until(condition) {
      while (!condition()) await once(events, 'change');
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** An answer in bytes, with a content-length unless the headers say how long it is. */
export function httpAnswer(
  status: string,
  headers: Readonly<Record<string, string | readonly string[]>>,
  body: string | Buffer = '',
): Buffer {
  const names = Object.keys(headers).map((name) => name.toLowerCase());
  const framed = names.includes('content-length') || names.includes('transfer-encoding');
  const lines = Object.entries(headers).flatMap(([name, values]) =>
    [values].flat().map((value) => `${name}: ${value}`),
  );
  const length = framed ? [] : [`content-length: ${Buffer.byteLength(body)}`];
  const head = [`HTTP/1.1 ${status}`, ...lines, ...length].join('\r\n');
  return Buffer.concat([Buffer.from(`${head}\r\n\r\n`, 'latin1'), Buffer.from(body)]);
}

/** The values of a header, however its name is written. */
export function valuesOf({ headers }: WireRequest, name: string): string[] {
  return headers.filter(([written]) => written.toLowerCase() === name).map(([, value]) => value);
}

/** The first request in the bytes; undefined until all of it has come. Chunked bodies are not for signed requests. */
function firstOf(bytes: Buffer): WireRequest | undefined {
  const headEnd = bytes.indexOf('\r\n\r\n');
  if (headEnd < 0) return undefined;
  const [requestLine = '', ...lines] = bytes.subarray(0, headEnd).toString('latin1').split('\r\n');
  const [method = '', target = ''] = requestLine.split(' ');
  const headers = lines.map((line): [string, string] => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon), line.slice(colon + 1).trim()];
  });
  const length = headers.find(([name]) => name.toLowerCase() === 'content-length')?.[1] ?? '0';
  const end = headEnd + 4 + Number(length);
  if (bytes.length < end) return undefined;
  return { bytes: bytes.subarray(0, end), method, target, headers, body: bytes.subarray(headEnd + 4, end) };
}
