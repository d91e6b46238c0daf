import { requestInvalid } from '../errors.ts';
import type { Target } from './target.ts';

/**
 * The one value that is signed and sent. It is built once per request, frozen, and nothing touches it afterwards: the signer
 * reads it and the socket writes it, so the signed bytes are the sent bytes.
 */
export interface UpstreamRequest {
  /** Upper case. */
  readonly method: string;
  /** RFC 3986 path as sent. */
  readonly path: string;
  /** As sent, without the `?`; empty when there is none. */
  readonly query: string;
  /** Lower-case names; `host` and `content-type` are always there, because the vendor demands that both are signed. */
  readonly headers: Readonly<Record<string, string>>;
  /** The exact bytes; empty when there is no body. */
  readonly body: Buffer;
}

const NO_BODY = Buffer.alloc(0);

/**
 * Builds the request to be signed from what the caller sent and where the account's API is.
 *
 * @param options.origin the account's origin, lower case, default port dropped
 * @param options.headers what is sent on of the caller's headers, lower-case names
 * @throws `request-invalid` for a body on GET or HEAD (the vendor hashes the empty string for GET whatever is sent, so such a body
 *   would travel unsigned) and for a content-type that isn't printable ASCII
 */
export function toUpstreamRequest(options: {
  method: string;
  target: Target;
  origin: string;
  headers: Readonly<Record<string, string>>;
  body?: Buffer | undefined;
}): UpstreamRequest {
  const { method, target, origin, headers, body = NO_BODY } = options;
  if (body.length > 0 && (method === 'GET' || method === 'HEAD')) {
    throw requestInvalid(`a ${method} request can't have a body: the signature would not cover it`);
  }
  return Object.freeze({
    method,
    path: target.path,
    query: target.query,
    headers: Object.freeze({
      ...headers,
      host: origin.slice(origin.indexOf('//') + 2),
      'content-type': normaliseContentType(headers['content-type']),
    }),
    body,
  });
}

/** The request target as it stands in the request line. */
export function targetOf(request: UpstreamRequest): string {
  return request.query === '' ? request.path : `${request.path}?${request.query}`;
}

const BOUNDARY = /;[ ]*boundary=("[^"]*"|[^;]*)/gi;

/**
 * The signature covers the lower-cased value, so lower case is sent; all implementations then agree. Only the boundary of a
 * multipart body keeps its case: the server must find it in the body as it stands there.
 */
function normaliseContentType(given: string | undefined): string {
  const value = (given ?? '').replaceAll('\t', ' ').trim();
  if (value === '') return 'application/json';
  if (!/^[\x20-\x7e]*$/.test(value)) throw requestInvalid('the content-type is not printable ASCII');
  if (!/^multipart\//i.test(value)) return value.toLowerCase();
  const [boundary, another] = value.match(BOUNDARY) ?? [];
  if (another !== undefined) throw requestInvalid('the content-type has two boundaries');
  if (boundary === undefined) return value.toLowerCase();
  const text = boundary.slice(boundary.indexOf('=') + 1);
  return value.toLowerCase().replace(boundary.toLowerCase(), () => `; boundary=${text}`);
}
