import type { Random } from './random.ts';

/** Bytes for one connection, and how many requests were meant. */
export interface Fuzzed {
  readonly bytes: Buffer;
  readonly requests: number;
}

type Mutation = (random: Random, bytes: Buffer) => Buffer;

const ODD_LINES = [
  'Transfer-Encoding: chunked',
  'Transfer-Encoding: chunked, identity',
  'Transfer-Encoding : chunked',
  'Transfer-Encoding: xchunked',
  'Transfer-Encoding:\r\n chunked',
  'Content-Length: 0',
  'Content-Length: 5',
  'Content-Length: 2, 2',
  'Content-Length: -1',
  'Content-Length: 18446744073709551616',
  'Content-Length:',
  'Host: evil.example',
  'Host:',
  'Authorization: Bearer bob-0123456789-0123456789-0123456789-0123456',
  'Authorization: Basic YTpi',
  'Authorization:',
  'x-gateway-account: reports',
  'x-gateway-account: main',
  // Not ENABLE or DISABLE, which are allowed, and which the parser of the sandbox doesn't know.
  'x-http-method-override: CONNECT',
  'x-http-method-override: GET',
  'Connection: authorization, x-cnc-timestamp',
  'Connection: Upgrade\r\nUpgrade: websocket',
  'Connection: keep-alive, close',
  'Expect: 100-continue',
  'Expect: nothing',
  'Upgrade: h2c',
  'Trailer: Authorization',
  'TE: trailers',
  'x-cnc-timestamp: 1',
  'x-cnc-accesskey: somebody',
  'Cookie: a=b',
  'Content-Type:',
  'Content-Type: ;;',
  'Content-Encoding: gzip',
  'Prefer: wait=1',
  'Prefer: wait=999999999999',
  'x: a\0b',
  'x: \x7f\x01',
  ': no name',
  'no colon',
  ' folded: line',
  `x: ${'y'.repeat(20_000)}`,
];
const ODD_TARGETS = [
  '*',
  '',
  '/',
  '//a/x',
  '/a//x',
  '/a/%252e%252e/x',
  '/a%EF%BC%8Fx',
  '/a/../b/x',
  '/a/%2e%2e/b/x',
  '/a/..%2fb/x',
  '/a/.;/x',
  '/a\\..\\b',
  '/%61/x',
  '/a%2Fx',
  '/a/x#b',
  '/a/%zz',
  '/a/%00',
  '/b/x',
  '/a/x?y?z',
  '/a/x;/../../b',
  'http://evil.example/a/x',
  'http://evil.example:99999/a',
  'evil.example:443',
  '/metrics',
  '/a/\u00e9',
  `/a/${'x'.repeat(9000)}`,
];
const ODD_METHODS = ['ENABLE', 'CONNECT', 'OPTIONS', 'TRACE', 'get', 'PRI', 'M-SEARCH', 'SOURCE', ''];
const ODD_CHUNKS = [
  'zz\r\n',
  '-1\r\n',
  '0x5\r\n',
  'ffffffffffffffff\r\n',
  '5;a=b\r\nhello\r\n',
  '3\r\nhello\r\n',
  '0\r\nAuthorization: x\r\n\r\n',
  '0\r\n',
  '\r\n',
  '5\nhello\n0\n\n',
];

const text = (change: (random: Random, text: string) => string): Mutation => {
  return (random, bytes) => Buffer.from(change(random, bytes.toString('latin1')), 'latin1');
};

const insertLine = text((random, request) => {
  const lines = request.split('\r\n');
  lines.splice(1 + random.below(Math.max(1, lines.length - 1)), 0, random.of(ODD_LINES));
  return lines.join('\r\n');
});

const MUTATIONS: readonly Mutation[] = [
  (random, bytes) => {
    const flipped = Buffer.from(bytes);
    for (let left = 1 + random.below(4); left > 0; left--) {
      const at = random.below(flipped.length);
      if (at < flipped.length) flipped[at] = (flipped[at] ?? 0) ^ (1 << random.below(8));
    }
    return flipped;
  },
  (random, bytes) => bytes.subarray(0, random.below(bytes.length)),
  (random, bytes) => {
    const from = random.below(bytes.length);
    return Buffer.concat([bytes.subarray(0, from), bytes.subarray(from + random.below(40))]);
  },
  (random, bytes) => {
    const at = random.below(bytes.length);
    const noise = Buffer.from(Array.from({ length: 1 + random.below(30) }, () => random.below(256)));
    return Buffer.concat([bytes.subarray(0, at), noise, bytes.subarray(at)]);
  },
  insertLine,
  insertLine,
  insertLine,
  text((random, request) => {
    const lines = request.split('\r\n');
    const line = random.of(lines);
    lines.splice(1 + random.below(Math.max(1, lines.length - 1)), 0, line);
    return lines.join('\r\n');
  }),
  text((random, request) => request.replace(/ \/[^ ]*/, () => ` ${random.of(ODD_TARGETS)}`)),
  text((random, request) => request.replace(/ \/[^ ]*/, () => ` ${random.of(ODD_TARGETS)}`)),
  text((random, request) => request.replace(/^[A-Z]+/, () => random.of(ODD_METHODS))),
  text((random, request) =>
    request.replace('HTTP/1.1', () => random.of(['HTTP/1.0', 'HTTP/2.0', 'HTTP/1.2', 'http/1.1', 'HTTP/1.1 ', ''])),
  ),
  text((random, request) =>
    request.replace(
      /Content-Length: (\d+)/,
      (_, length) => `Content-Length: ${Number(length) + random.of([-1, 1, 1000])}`,
    ),
  ),
  text((random, request) => request.replace(/\r\n[0-9a-f]+\r\n/, () => `\r\n${random.of(ODD_CHUNKS)}`)),
  text((random, request) =>
    random.chance(0.5)
      ? request.replaceAll('\r\n', '\n')
      : request.replace('\r\n', random.of(['\n', '\r', '\r\r\n', '\n\r'])),
  ),
];

/** Puts requests behind each other after spoiling some; splices two; or leaves them as they are. */
export function mutate(random: Random, requests: readonly Buffer[]): Fuzzed {
  const spoiled = requests.map((request) => (random.chance(0.75) ? spoil(random, request) : request));
  const [first, second] = spoiled;
  const whole = Buffer.concat(spoiled);
  if (first === undefined || second === undefined || random.chance(0.7))
    return { bytes: whole, requests: requests.length };
  const spliced = Buffer.concat([
    first.subarray(0, random.below(first.length)),
    second.subarray(random.below(second.length)),
  ]);
  return { bytes: Buffer.concat([spliced, ...spoiled.slice(2)]), requests: requests.length };
}

function spoil(random: Random, request: Buffer): Buffer {
  let bytes = request;
  for (let left = random.of([1, 1, 1, 2, 3]); left > 0; left--) bytes = random.of(MUTATIONS)(random, bytes);
  return bytes;
}
