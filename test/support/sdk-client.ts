// Clients shaped like the vendor's SDKs: the headers that they send, in their order, and what they sign of them. Written anew from
// what was seen of them on the wire; shares nothing with src/.
import { createHash, createHmac } from 'node:crypto';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';

/** A pair that signs. */
export interface Keys {
  readonly id: string;
  readonly secret: string;
}

/** What a program asks its SDK for. */
export interface Call {
  readonly method: string;
  /** Path and query as the program wrote them. */
  readonly target: string;
  /** JSON as the SDK puts it; none without a model. */
  readonly body?: string;
  /** Headers of the program's own, signed with the others by Go, which can. */
  readonly signed?: readonly (readonly [name: string, value: string])[];
  /** Headers that aren't signed. */
  readonly unsigned?: readonly (readonly [name: string, value: string])[];
  /** Unix seconds. */
  readonly timestamp: number;
}

/** A request in the order of the wire; a test may change any part before it is sent. */
export interface WireCall {
  readonly method: string;
  readonly target: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

/** An SDK: makes the request that goes out for a call. */
export type Sdk = (host: string, keys: Keys, call: Call) => WireCall;

/** The Go SDK (and the Terraform provider): a DELETE without a model sends and signs `null`; a plus in a query is a space. */
export const go: Sdk = (host, { id, secret }, call) => {
  const { method, target, timestamp, signed = [], unsigned = [] } = call;
  const body = call.body ?? (method === 'DELETE' ? 'null' : '');
  const query = decodeURIComponent(queryOf(target).replaceAll('+', ' '));
  const authorization = authorizationOf({
    ...{ method, path: target.split('?')[0] ?? '', query, id, secret, timestamp },
    headers: [['content-type', 'application/json'], ['host', host], ...signed],
    hashed: method === 'GET' ? '' : body,
  });
  return {
    method,
    target,
    headers: [
      ['Host', host],
      ['User-Agent', 'Go-http-client/1.1'],
      ...(body === '' ? [] : [['Content-Length', String(Buffer.byteLength(body))] as const]),
      ['Accept', 'application/json'],
      ['Authorization', authorization],
      ['Content-Type', 'application/json'],
      ...signed,
      ...unsigned,
      ['x-cnc-accessKey', id],
      ['x-cnc-api-type', 'terraform'],
      ['x-cnc-auth-method', 'AKSK'],
      ['x-cnc-timestamp', String(timestamp)],
      ['Accept-Encoding', 'gzip'],
    ],
    body,
  };
};

/** The Python SDK: signs the body of POST and PUT alone, sends none with the others; a plus in a query stays one. */
export const python: Sdk = (host, { id, secret }, call) => {
  const { method, target, timestamp, unsigned = [] } = call;
  const body = method === 'POST' || method === 'PUT' ? (call.body ?? '') : '';
  const authorization = authorizationOf({
    ...{ method, path: target.split('?')[0] ?? '', query: decodeURIComponent(queryOf(target)) },
    ...{ id, secret, timestamp, hashed: body },
    headers: [
      ['content-type', 'application/json'],
      ['host', host],
    ],
  });
  return {
    method,
    target,
    headers: [
      ['Host', host],
      ['User-Agent', 'python-requests/2.34.2'],
      ['Accept-Encoding', 'gzip, deflate'],
      ['Accept', 'application/json'],
      ['Connection', 'keep-alive'],
      ['Content-Type', 'application/json'],
      ['x-cnc-auth-method', 'AKSK'],
      ['x-cnc-accessKey', id],
      ['x-cnc-timestamp', String(timestamp)],
      ['Authorization', authorization],
      ...unsigned,
      ...(method === 'GET' ? [] : [['Content-Length', String(Buffer.byteLength(body))] as const]),
    ],
    body,
  };
};

/** A client of the vendor's other scheme: Basic, where the password proves the date. */
export function basic(keys: Keys, { at, name = 'Date' }: { at: number; name?: string }): [string, string][] {
  const date = new Date(at).toUTCString();
  const password = createHmac('sha1', keys.secret).update(date).digest('base64');
  return [
    [name, date],
    ['Authorization', `Basic ${Buffer.from(`${keys.id}:${password}`).toString('base64')}`],
  ];
}

/** What CNC-HMAC-SHA256 makes of these. `headers` need not be in order. */
export function authorizationOf(parts: {
  method: string;
  path: string;
  /** Decoded. */
  query: string;
  headers: readonly (readonly [name: string, value: string])[];
  hashed: string | Buffer;
  id: string;
  secret: string;
  timestamp: number;
}): string {
  const { method, path, query, hashed, id, secret, timestamp } = parts;
  const headers = parts.headers
    .map(([name, value]) => [name.toLowerCase(), value.toLowerCase()] as const)
    .sort(([one], [other]) => (one < other ? -1 : 1));
  const names = headers.map(([name]) => name).join(';');
  const lines = headers.map(([name, value]) => `${name}:${value}\n`).join('');
  const canonical = `${method}\n${path}\n${method === 'POST' ? '' : query}\n${lines}\n${names}\n${sha256(hashed)}`;
  const text = `CNC-HMAC-SHA256\n${timestamp}\n${sha256(canonical)}`;
  const signature = createHmac('sha256', secret).update(text).digest('hex');
  return `CNC-HMAC-SHA256 Credential=${id}, SignedHeaders=${names}, Signature=${signature}`;
}

/** The bytes of a request. */
export function bytesOf({ method, target, headers, body }: WireCall): Buffer {
  const lines = [`${method} ${target} HTTP/1.1`, ...headers.map(([name, value]) => `${name}: ${value}`)];
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`);
}

/** What came back, to the last byte that was promised. */
export interface WireAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * Sends bytes over a connection of their own and reads one answer, or what there is of it when the connection ends.
 *
 * @param tls for an `https:` URL: whom to trust, and a client certificate
 */
export function exchange(
  url: string | { path: string },
  bytes: Buffer,
  tls?: { ca: string; cert?: string; key?: string },
): Promise<WireAnswer> {
  const place = typeof url === 'string' ? { host: new URL(url).hostname, port: Number(new URL(url).port) } : url;
  return new Promise((resolve, reject) => {
    const write = () => socket.write(bytes);
    const socket = tls === undefined ? connect(place, write) : connectTls({ ...place, ...tls }, write);
    const isHead = bytes.toString('latin1', 0, 5) === 'HEAD ';
    let received: Buffer = Buffer.alloc(0);
    const finish = () => {
      socket.destroy();
      resolve(parse(received));
    };
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      const { headers, body, isWhole } = parse(received);
      const length = isHead ? 0 : Number(headers['content-length'] ?? Number.POSITIVE_INFINITY);
      if (isWhole && body.length >= length) finish();
    });
    socket.on('error', reject).on('close', finish);
  });
}

function parse(received: Buffer): WireAnswer & { isWhole: boolean } {
  const text = received.toString('latin1');
  const end = text.indexOf('\r\n\r\n');
  const [first = '', ...lines] = text.slice(0, end < 0 ? undefined : end).split('\r\n');
  const headers = Object.fromEntries(
    lines.map((line) => [line.split(':')[0]?.toLowerCase() ?? '', line.replace(/^[^:]*: ?/, '')]),
  );
  const body = end < 0 ? '' : text.slice(end + 4);
  return { status: Number(first.split(' ')[1]), headers, body, isWhole: end >= 0 };
}

/** What follows the first question mark. */
function queryOf(target: string): string {
  return target.split('?').slice(1).join('?');
}

function sha256(data: string | Buffer): string {
  return createHash('sha256').update(data).digest('hex');
}
