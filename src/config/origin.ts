import { isLoopback } from './loopback.ts';
import { Unusable } from './mistakes.ts';

/**
 * Reads the origin of an account into its one spelling: lower-case scheme and host, no default port, no path.
 * Messages never quote the text, which may hold a password before the host.
 *
 * @throws Unusable for anything but an origin, and for plain http to another machine, where keys could be read.
 */
export function parseOrigin(text: string): string {
  if (!URL.canParse(text)) throw notAnOrigin();
  const url = new URL(text);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw notAnOrigin();
  // URL forgives backslashes, blanks and a missing slash, and hides an empty query or user; an operator's slip must not pass.
  if (!/^https?:\/\/[^/\\?#@\s]+\/?$/i.test(text)) throw notAnOrigin();
  if (url.protocol === 'http:' && !isLoopback(url.hostname.replace(/^\[|\]$/g, ''))) {
    throw new Unusable('expected https; plain http is for loopback hosts only');
  }
  return url.origin;
}

function notAnOrigin(): Unusable {
  return new Unusable('expected an origin such as https://api.cdnetworks.com, without user, path or query');
}
