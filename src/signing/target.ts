import { requestInvalid } from '../errors.ts';

/**
 * A request target in the one form on which the vendor's SDKs sign alike, and which no server on the way has a reason to change.
 * See the notes on the functions below for what is rewritten and what is refused.
 */
export interface Target {
  /** RFC 3986 path: unreserved characters bare, everything else percent-encoded with upper-case digits. */
  readonly path: string;
  /** Without its `?`; empty when there is none. Spaces are `%20`; a plus sign is `%2B`, or `%20` where it means one. */
  readonly query: string;
  /**
   * What a server may take the path for: decoded, without path parameters (`;x=1`) and a trailing slash.
   * Interfaces and permissions are matched on this, so that no spelling of a path escapes its quota.
   */
  readonly matchPath: string;
}

/**
 * Parses the request target of a caller (RFC 9112 section 3.2.1, origin form) into its normal form.
 *
 * @param options.plus what a plus sign in the query means. A space by default, as HTML forms and most clients mean it; a signature
 *   may cover it as a plus (the vendor's Go SDK signs it as a space, its Python SDK as a plus)
 * @throws `request-invalid` for what can't be signed so that every implementation agrees: a fragment, a malformed or non-UTF-8
 *   escape, control characters, empty and dot segments, slashes, backslashes, dots and escapes hidden in the path, and other forms
 *   than origin form.
 */
export function parseTarget(raw: string, { plus = 'space' }: { plus?: 'space' | 'plus' } = {}): Target {
  if (!raw.startsWith('/')) throw requestInvalid('the target must be a path that starts with one slash');
  if (raw.startsWith('//')) throw requestInvalid('the target must start with one slash, not two');
  if (raw.includes('#')) throw requestInvalid('a fragment (#) is never sent to a server; remove it or write %23');
  const mark = raw.indexOf('?');
  const path = normalisePath(mark < 0 ? raw : raw.slice(0, mark));
  return {
    path,
    query: mark < 0 ? '' : normaliseQuery(raw.slice(mark + 1), plus === 'space' ? '%20' : '%2B'),
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
 * A plus sign becomes what it means; a second question mark is escaped (one published sample cuts the query there). The order of
 * the parts, empty values and the caller's own escapes stay.
 */
function normaliseQuery(query: string, plus: '%20' | '%2B'): string {
  if (PLAIN_QUERY.test(query)) return query;
  const normal = query.replace(/%[0-9A-Fa-f]{2}|%|\+|[^A-Za-z0-9\-._~!$&'()*,;=:@/%]+/g, (part) => {
    if (part === '%') throw requestInvalid('the query has a % that is not followed by two hex digits; write %25');
    if (part === '+') return plus;
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

/** Likenesses of slashes and backslashes that NFKC leaves as they are, and conversions to single bytes don't. */
const SLASH_LIKE = /[\u2044\u2215\u2216\u29f5\u29f8\u29f9]/;

/**
 * Refuses what servers are known to disagree on: an escaped slash or backslash may or may not part segments, one that is escaped
 * twice or written full-width does on a server that decodes or normalises once more, an empty segment may or may not count, and
 * `..;` climbs on servers that cut path parameters first.
 */
function matchPathOf(path: string): string {
  if (/%2F|%5C/.test(path)) throw requestInvalid('the path has an escaped slash or backslash (%2F, %5C)');
  if (/%25[0-9A-Fa-f]{2}/.test(path))
    throw requestInvalid('the path has something that is escaped twice (%25 and two digits)');
  const decoded = decode(path, 'path');
  if (hidesDelimiter(decoded)) throw requestInvalid('the path has a character that may be taken for one of . / \\ ; %');
  if (path.includes('//')) throw requestInvalid('the path has an empty segment (//)');
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
  return segments.join('/').replace(/(?<=.)\/$/, '');
}

/** Whether a character beyond ASCII would be a delimiter for a server that normalises (NFKC) or narrows what it reads. */
function hidesDelimiter(decoded: string): boolean {
  if (SLASH_LIKE.test(decoded)) return true;
  return [...decoded].some((character) => character > '\u007f' && /[./\\;%?#]/.test(character.normalize('NFKC')));
}
