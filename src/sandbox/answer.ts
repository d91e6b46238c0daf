import { gzipSync } from 'node:zlib';
import type { HeaderLines } from './arrival.ts';

/** What the stand-in says, before it is known in which format the caller wants it. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Left out for an answer without a body. */
  readonly body?: object;
}

/** An answer as it goes out: header names in lower case, the body in bytes. */
export interface EncodedAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Buffer;
}

const GZIP_OVER_BYTES = 1024;

/** Writes an answer as JSON, or as XML for who asks for that alone; gzipped if it is over 1 KiB and the caller takes gzip. */
export function encode({ status, headers = {}, body }: Answer, asked: HeaderLines): EncodedAnswer {
  if (body === undefined) return { status, headers, bytes: Buffer.alloc(0) };
  const xml = wantsXml(asked);
  const plain = Buffer.from(xml ? toXml(body) : JSON.stringify(body));
  const typed = { ...headers, 'content-type': xml ? 'application/xml' : 'application/json' };
  if (plain.length <= GZIP_OVER_BYTES || !takesGzip(asked)) return { status, headers: typed, bytes: plain };
  return { status, headers: { ...typed, 'content-encoding': 'gzip' }, bytes: gzipSync(plain) };
}

function wantsXml(asked: HeaderLines): boolean {
  const accept = (asked.get('accept') ?? []).join();
  return accept.includes('application/xml') && !accept.includes('application/json');
}

function takesGzip(asked: HeaderLines): boolean {
  const codings = (asked.get('accept-encoding') ?? []).join().split(',');
  return codings.some((coding) => /^\s*gzip\s*(?:;|$)/i.test(coding) && !/;\s*q=0(?:\.0*)?\s*$/i.test(coding));
}

function toXml(body: object): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${element('response', body)}`;
}

function element(name: string, value: unknown): string {
  return `<${name}>${content(value)}</${name}>`;
}

function content(value: unknown): string {
  if (Array.isArray(value)) return value.map((item) => element('item', item)).join('');
  if (typeof value !== 'object' || value === null) return escapeXml(String(value ?? ''));
  return Object.entries(value)
    .map(([name, member]) => element(name, member))
    .join('');
}

function escapeXml(text: string): string {
  return text.replace(/[<>&]/g, (character) => `&#${character.charCodeAt(0)};`);
}
