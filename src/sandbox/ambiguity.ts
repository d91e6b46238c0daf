import { type Arrival, onlyValue } from './arrival.ts';
import { Refusal } from './refusal.ts';

type Rule = readonly [broken: boolean, reason: string];

/**
 * Refuses, under either scheme, what a gateway must never send: servers are known to disagree on these, so what was signed or
 * counted may not be what is carried out.
 *
 * @param status 462 for an access key, 401 for an API key
 * @throws Refusal with cause `ambiguous`
 */
export function refuseUnclear(arrival: Arrival, status: 401 | 462): void {
  const { method, target, path, query, headers, body } = arrival;
  refuseBroken(status, [
    [(headers.get('authorization')?.length ?? 0) > 1, 'there is more than one Authorization'],
    [/^(?:GET|HEAD)$/.test(method) && body.length > 0, `a ${method} has a body, which no signature covers`],
    [!target.startsWith('/'), 'the target is not a path'],
    [path.startsWith('//'), 'the path starts with two slashes: a path or a host?'],
    [/%2f|%5c/i.test(path), 'the path has an escaped slash or backslash: does it part segments?'],
    [/%[01][0-9a-f]|%7f/i.test(path), 'the path has an escaped control character: does it end there?'],
    [/(?:^|\/)(?:\.|%2e){1,2}(?:;[^/]*)?(?:\/|$)/i.test(path), 'the path has dot segments: as sent or resolved?'],
    [target.includes('#'), 'the target has a fragment'],
    [/[^\x21-\x7e]/.test(target), 'the target is not printable ASCII'],
    [/[^A-Za-z0-9\-._~!$&'()*+,;=:@/%]/.test(path), 'the path has characters that RFC 3986 wants escaped'],
    [/[^A-Za-z0-9\-._~!$&'()*+,;=:@/?%]/.test(query), 'the query has characters that RFC 3986 wants escaped'],
  ]);
}

/**
 * Refuses what the vendor's own implementations sign differently: nobody knows what its servers make of these, so a client
 * that sends one works by luck. Each rule is a row of the comparison of the Go and Python SDKs and the published sample.
 *
 * @throws Refusal with status 462 and cause `ambiguous`
 */
export function refuseAmbiguous(arrival: Arrival, signedHeaders: readonly string[]): void {
  const { method, path, query, headers } = arrival;
  const host = onlyValue(headers, 'host') ?? '';
  const mediaType = withoutBoundary(onlyValue(headers, 'content-type') ?? '');
  const signedValues = signedHeaders.flatMap((name) => headers.get(name) ?? []);
  refuseBroken(462, [
    [/[^A-Z]/.test(method), 'the method is not in upper case'],
    [query.includes('?'), 'the query has a question mark of its own'],
    // Of a POST too, though its query isn't signed: one form for every method.
    [query.includes('+'), 'the query has a plus sign: space or plus?'],
    [!isDecodable(path) || !isDecodable(query), 'the target has a bad % or escapes that are not UTF-8'],
    [/[A-Z]/.test(host), 'host is not in lower case'],
    [/[A-Z]/.test(mediaType), 'content-type is not in lower case'],
    [signedValues.some((value) => value.trim() !== value), 'a signed header has spaces around its value'],
    [signedValues.some((value) => /[^\x20-\x7e]/.test(value)), 'a signed header is not printable ASCII'],
    [signedHeaders.some((name) => (headers.get(name)?.length ?? 0) > 1), 'a signed header came twice'],
    [signedHeaders.join() !== sortedNames(signedHeaders).join(), 'SignedHeaders is not lower-case, sorted and unique'],
  ]);
}

function refuseBroken(status: 401 | 462, rules: readonly Rule[]): void {
  const broken = rules.find(([isBroken]) => isBroken);
  if (broken) throw new Refusal(status, 'ambiguous', broken[1]);
}

/** A multipart boundary is told apart by case, so it alone may keep its own. */
function withoutBoundary(contentType: string): string {
  return contentType.startsWith('multipart/') ? contentType.replace(/;\s*boundary=("[^"]*"|[^;]*)/, '') : contentType;
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

function sortedNames(names: readonly string[]): string[] {
  return [...new Set(names.map((name) => name.toLowerCase()))].sort();
}
