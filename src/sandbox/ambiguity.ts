import { type Arrival, onlyValue } from './arrival.ts';
import { Refusal } from './refusal.ts';

/**
 * Refuses what the vendor's own implementations sign differently: nobody knows what its servers make of these, so a client
 * that sends one works by luck. Each rule is a row of the comparison of the Go and Python SDKs and the published sample.
 *
 * @throws Refusal with status 462 and cause `ambiguous`
 */
export function refuseAmbiguous(arrival: Arrival, signedHeaders: readonly string[]): void {
  const { method, target, path, query, headers } = arrival;
  const host = onlyValue(headers, 'host') ?? '';
  const mediaType = withoutBoundary(onlyValue(headers, 'content-type') ?? '');
  const signedValues = signedHeaders.flatMap((name) => headers.get(name) ?? []);
  const rules: readonly (readonly [boolean, string])[] = [
    [/[^A-Z]/.test(method), 'the method is not in upper case'],
    [!target.startsWith('/'), 'the target is not a path'],
    [target.includes('#'), 'the target has a fragment'],
    [/[^\x21-\x7e]/.test(target), 'the target is not printable ASCII'],
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
  ];
  const broken = rules.find(([isBroken]) => isBroken);
  if (broken) throw new Refusal(462, 'ambiguous', broken[1]);
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
