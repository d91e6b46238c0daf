import type { HeaderLines } from './arrival.ts';

/** Cookies, credentials and addresses of the caller, hop-by-hop fields and a gateway's own headers: none is the vendor's business. */
const PRIVATE =
  /^(?:cookie|forwarded|expect|te|trailer|upgrade|keep-alive|prefer|proxy-.*|x-forwarded-.*|x-ws-.*|x-gateway-.*|apikey|x-api-key|x-.*-token)$/;

/** Headers that act for another customer: a gateway lets them through only where it is configured to. */
const PRIVILEGED = /^(?:on-behalf-of|report-range)$/;

/** An API key is proven by the date, in either of these; an access key isn't, so they are the caller's. */
const DATES = /^(?:date|x-cnc-date)$/;

/** The names of headers that a gateway should have kept from the vendor; `authorization` when there is more than one. */
export function leakedHeaders(headers: HeaderLines): string[] {
  const authorizations = headers.get('authorization') ?? [];
  const dated = !(authorizations[0] ?? '').startsWith('CNC-HMAC-SHA256 ');
  const names = [...headers.keys()].filter(
    (name) => PRIVATE.test(name) || PRIVILEGED.test(name) || (!dated && DATES.test(name)),
  );
  return authorizations.length > 1 ? [...names, 'authorization'] : names;
}
