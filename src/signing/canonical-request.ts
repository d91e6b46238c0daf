import { hash } from 'node:crypto';
import { decodeQuery } from './target.ts';
import type { UpstreamRequest } from './upstream-request.ts';

/** The headers that the vendor demands under the signature; ours are always these two. */
export const SIGNED_HEADERS: readonly string[] = ['content-type', 'host'];

const EMPTY_SHA256 = hash('sha256', '');

/** What a canonical request is made of. */
export interface CanonicalParts {
  readonly method: string;
  /** As sent. */
  readonly path: string;
  /** Decoded once. */
  readonly query: string;
  /** The signed headers with lower-case names, in the order of these. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** SHA-256, lower-case hex. */
  readonly bodyHash: string;
}

/**
 * The canonical request of CNC-HMAC-SHA256 (vendor page "AK/SK authentication"; aksk_auth.go of the Go SDK, AkSkAuth.py of the
 * Python SDK): method, path, query, one line per signed header, an empty line, the signed names, the body's hash.
 *
 * A POST's query is never signed: its line is empty whatever the URL says. Header values are lower-cased.
 */
export function canonicalText({ method, path, query, headers, bodyHash }: CanonicalParts): string {
  return [
    method,
    path,
    method === 'POST' ? '' : query,
    ...headers.map(([name, value]) => `${name}:${value.toLowerCase()}`),
    '',
    headers.map(([name]) => name).join(';'),
    bodyHash,
  ].join('\n');
}

/** The canonical request of what is sent. A header that isn't there is signed as empty. */
export function canonicalRequest(request: UpstreamRequest, signedHeaders: readonly string[] = SIGNED_HEADERS): string {
  const { method, path } = request;
  const names = signedHeaders.map((name) => name.toLowerCase()).sort();
  return canonicalText({
    method,
    path,
    query: decodeQuery(request.query),
    headers: names.map((name) => [name, request.headers[name] ?? '']),
    bodyHash: bodyHash(request),
  });
}

/** What is signed: the algorithm, Unix seconds as text, and the SHA-256 of the canonical request in lower-case hex. */
export function stringToSign(timestamp: string, canonicalRequestHash: string): string {
  return `CNC-HMAC-SHA256\n${timestamp}\n${canonicalRequestHash}`;
}

/** The vendor hashes the empty string for GET even when a body is present (getSignature in the Go SDK). */
function bodyHash({ method, body }: UpstreamRequest): string {
  return method === 'GET' || body.length === 0 ? EMPTY_SHA256 : hash('sha256', body);
}
