import type { IncomingHttpHeaders } from 'node:http';

/** Hop-by-hop (RFC 9110 section 7.6.1), and the headers by which a reader knows that the gateway itself speaks. */
const DROPPED: readonly string[] = [
  'connection',
  'keep-alive',
  'preference-applied',
  'proxy-authenticate',
  'proxy-authentication-info',
  'proxy-connection',
  'ratelimit',
  'ratelimit-policy',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'x-gateway-error',
];

/**
 * The vendor's response headers as the caller gets them: all but those that belong to the connection or to the gateway. A
 * `Location` at the account's origin loses scheme and host, so that the caller's next request comes back through the gateway,
 * where it is signed.
 */
export function responseHeaders(headers: IncomingHttpHeaders, origin: string): IncomingHttpHeaders {
  for (const name of namesIn(headers.connection)) delete headers[name];
  for (const name of DROPPED) delete headers[name];
  if (headers.location !== undefined) headers.location = pathAbsolute(headers.location, origin);
  headers.via = headers.via === undefined ? '1.1 cdnetworks-gateway' : `${headers.via}, 1.1 cdnetworks-gateway`;
  return headers;
}

/** A header that came twice is an array, whatever its type says. */
function namesIn(connection: string | readonly string[] | undefined): readonly string[] {
  return [connection ?? []].flat().flatMap((value) => value.split(',').map((name) => name.trim().toLowerCase()));
}

/** The vendor answers `http://` locations for calls that came over https, so the scheme isn't compared. */
function pathAbsolute(location: string, origin: string): string {
  const [, scheme = origin, authority, rest] = /^(https?:)?\/\/([^/?#]*)(.*)$/i.exec(location) ?? [];
  if (authority === undefined || rest === undefined) return location;
  const host = authority.toLowerCase();
  const defaultPort = /^https/i.test(scheme) ? /:443$/ : /:80$/;
  const ours = origin.slice(origin.indexOf('//') + 2);
  if (host !== ours && host.replace(defaultPort, '') !== ours) return location;
  // Exactly one slash: two would name another host.
  return `/${rest.replace(/^[/\\]+/, '')}`;
}
