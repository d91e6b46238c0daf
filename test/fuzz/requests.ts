import { type Fuzzed, mutate } from './mutations.ts';
import type { Random } from './random.ts';

/** Consumers of the gateway that is fuzzed. Each may call paths of its own, with an account of its own. */
export const CONSUMERS = {
  alice: { token: 'alice-0123456789-0123456789-0123456789-01234', account: 'main', folder: '/a/' },
  bob: { token: 'bob-0123456789-0123456789-0123456789-0123456', account: 'reports', folder: '/b/' },
} as const;

const NAMES = ['alice', 'bob'] as const;

/** What a caller writes to one connection: one request or several behind each other, mostly not quite right. */
export function fuzzedBytes(random: Random, serial: number): Fuzzed {
  const count = random.chance(0.15) ? 2 + random.below(4) : 1;
  const requests = Array.from({ length: count }, (_, nth) => validRequest(random, `${serial}-${nth}`));
  return mutate(random, requests);
}

/** A request that the gateway would admit and the vendor would verify. */
export function validRequest(random: Random, serial: string): Buffer {
  const { token, folder } = CONSUMERS[random.of(NAMES)];
  const method = random.of(['GET', 'GET', 'GET', 'POST', 'PUT', 'DELETE', 'HEAD', 'PATCH']);
  const path = `${folder}${random.of(['domain', 'x/y', '%7Etilde', 'caf%C3%A9', 'a.b-c_d', 'www.example.com'])}`;
  const query = random.of(['', `?n=${serial}`, `?n=${serial}&empty=&q=a%20b`, `?n=${serial}&b=2&a=1`]);
  const body =
    method === 'GET' || method === 'HEAD'
      ? ''
      : random.of(['', '{}', `{"n":"${serial}"}`, 'x'.repeat(random.below(3000))]);
  const lines = [
    `${method} ${path}${query} HTTP/1.1`,
    'Host: localhost',
    `Authorization: Bearer ${token}`,
    'User-Agent: fuzz/1',
    ...(random.chance(0.5) ? ['Accept: application/json'] : []),
    ...(body === '' ? [] : ['Content-Type: application/json']),
    ...(random.chance(0.3) ? ['Connection: close'] : []),
  ];
  if (body !== '' && random.chance(0.4))
    return Buffer.from(`${head(lines, 'Transfer-Encoding: chunked')}${chunked(random, body)}`);
  return Buffer.from(`${body === '' ? head(lines) : head(lines, `Content-Length: ${Buffer.byteLength(body)}`)}${body}`);
}

function head(lines: readonly string[], ...more: readonly string[]): string {
  return `${[...lines, ...more].join('\r\n')}\r\n\r\n`;
}

function chunked(random: Random, body: string): string {
  const at = random.below(body.length);
  const chunks = [body.slice(0, at), body.slice(at)].filter((chunk) => chunk !== '');
  return `${chunks.map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`).join('')}0\r\n\r\n`;
}
