import { requestInvalid } from '../errors.ts';

/**
 * A request target in the one form on which the vendor's SDKs sign alike, and which no server on the way has a reason to change.
 * See the notes on the functions below for what is rewritten and what is refused.
 */
export interface Target {
  /** RFC 3986 path: unreserved characters bare, everything else percent-encoded with upper-case digits. */
  readonly path: string;
  /** Without its `?`; empty when there is none. Spaces are `%20`, plus signs `%2B`. */
  readonly query: string;
  /**
   * What a server may take the path for: decoded, without path parameters (`;x=1`), repeated or trailing slashes.
   * Interfaces and permissions are matched on this, so that no spelling of a path escapes its quota.
   */
  readonly matchPath: string;
}

/**
 * Parses the request target of a caller (RFC 9112 section 3.2.1, origin form) into its normal form.
 *
 * @throws `request-invalid` for what can't be signed so that every implementation agrees: a fragment, a malformed or non-UTF-8
 *   escape, control characters, dot segments and slashes or backslashes hidden in the path, and other forms than origin form.
 */
export function parseTarget(raw: string): Target {
  if (!raw.startsWith('/')) throw requestInvalid('the target must be a path that starts with one slash');
  if (raw.startsWith('//')) throw requestInvalid('the target must start with one slash, not two');
  if (raw.includes('#')) throw requestInvalid('a fragment (#) is never sent to a server; remove it or write %23');
  const mark = raw.indexOf('?');
  const path = normalisePath(mark < 0 ? raw : raw.slice(0, mark));
  return {
    path,
    query: mark < 0 ? '' : normaliseQuery(raw.slice(mark + 1)),
    matchPath: matchPathOf(path),
  };
}

/** Decodes a query once, as the vendor's canonical request wants it; `normaliseQuery` made sure that this can't fail. */
export function decodeQuery(query: string): string {
  return query.includes('%') ? decodeURIComponent(query) : query;
}

const PLAIN_PATH = /^[A-Za-z0-9\-._~!$&'()*+,;=:@/]*$/;
const PLAIN_QUERY = /^[A-Za-z0-9\-._~!$&'()*,;=:@/]*$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the point
const CONTROL = /[\u0000-\u001f\u007f]/;
const UNRESERVED = /^[A-Za-z0-9\-._~]$/;

/** Escapes of unreserved characters are undone (RFC 3986 section 6.2.2.2), so `%64omain` is `domain` for everybody. */
function normalisePath(path: string): string {
  if (PLAIN_PATH.test(path)) return path;
  return path.replace(/%[0-9A-Fa-f]{2}|%|[^A-Za-z0-9\-._~!$&'()*+,;=:@/%]+/g, (part) => {
    if (part === '%') throw requestInvalid('the path has a % that is not followed by two hex digits');
    if (!part.startsWith('%')) return encode(part);
    const character = String.fromCharCode(Number.parseInt(part.slice(1), 16));
    return UNRESERVED.test(character) ? character : part.toUpperCase();
  });
}

/**
 * A plus sign means a space here, as HTML forms and most clients mean it (the vendor's Go SDK signs it as a space, its Python SDK
 * as a plus); a second question mark is escaped (one published sample cuts the query there). The order of the parts, empty values
 * and the caller's own escapes stay.
 */
function normaliseQuery(query: string): string {
  if (PLAIN_QUERY.test(query)) return query;
  const normal = query.replace(/%[0-9A-Fa-f]{2}|%|\+|[^A-Za-z0-9\-._~!$&'()*,;=:@/%]+/g, (part) => {
    if (part === '%') throw requestInvalid('the query has a % that is not followed by two hex digits; write %25');
    if (part === '+') return '%20';
    return part.startsWith('%') ? part : encode(part);
  });
  decode(normal, 'query');
  return normal;
}

/** Percent-encodes text that has no place in a URI as it stands. */
function encode(text: string): string {
  if (CONTROL.test(text)) throw requestInvalid('the target has control characters');
  try {
    return encodeURIComponent(text);
  } catch {
    throw requestInvalid('the target is not valid Unicode');
  }
}

/** The vendor's SDKs decode as UTF-8 but disagree on bytes that aren't, so these are refused. */
function decode(text: string, part: 'path' | 'query'): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw requestInvalid(`the ${part} has escapes that are not UTF-8`);
  }
}

/**
 * Refuses what servers are known to disagree on: an escaped slash or backslash may or may not part segments, and `..;` climbs on
 * servers that cut path parameters first.
 */
function matchPathOf(path: string): string {
  if (/%2F|%5C/.test(path)) throw requestInvalid('the path has an escaped slash or backslash (%2F, %5C)');
  const decoded = decode(path, 'path');
  if (CONTROL.test(decoded)) throw requestInvalid('the path has escaped control characters');
  const segments = decoded.split('/').map((segment) => {
    const parameters = segment.indexOf(';');
    // Cut, nothing would be left of it, and the call would pass for the one without that segment.
    if (parameters === 0) throw requestInvalid('the path has a segment of parameters alone (;)');
    return parameters < 0 ? segment : segment.slice(0, parameters);
  });
  if (segments.some((segment) => segment === '.' || segment === '..')) {
    throw requestInvalid('the path has dot segments (. or ..)');
  }
  return `/${segments.filter((segment) => segment !== '').join('/')}`;
}
