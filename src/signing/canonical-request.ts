import { hash } from 'node:crypto';
import { decodeQuery } from './target.ts';
import type { UpstreamRequest } from './upstream-request.ts';

/** The headers that the vendor demands under the signature; ours are always these two. */
export const SIGNED_HEADERS: readonly string[] = ['content-type', 'host'];

const EMPTY_SHA256 = hash('sha256', '');

/**
 * The canonical request of CNC-HMAC-SHA256 (vendor page "AK/SK authentication"; aksk_auth.go of the Go SDK, AkSkAuth.py of the
 * Python SDK): method, path, query, one line per signed header, an empty line, the signed names, the body's hash.
 *
 * A POST's query is never signed: its line is empty whatever the URL says. Header values are lower-cased, an absent one is empty.
 */
export function canonicalRequest(request: UpstreamRequest, signedHeaders: readonly string[] = SIGNED_HEADERS): string {
  const names = signedHeaders.map((name) => name.toLowerCase()).sort();
  return [
    request.method,
    request.path,
    request.method === 'POST' ? '' : decodeQuery(request.query),
    ...names.map((name) => `${name}:${(request.headers[name] ?? '').toLowerCase()}`),
    '',
    names.join(';'),
    bodyHash(request),
  ].join('\n');
}

/** What is signed: the algorithm, Unix seconds as text, and the SHA-256 of the canonical request in lower-case hex. */
export function stringToSign(timestamp: string, canonicalRequestHash: string): string {
  return `CNC-HMAC-SHA256\n${timestamp}\n${canonicalRequestHash}`;
}

/** The vendor hashes the empty string for GET even when a body is present (getSignature in the Go SDK). */
function bodyHash({ method, body }: UpstreamRequest): string {
  return method === 'GET' || body.length === 0 ? EMPTY_SHA256 : hash('sha256', body);
}
