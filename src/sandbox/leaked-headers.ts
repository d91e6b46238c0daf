import type { HeaderLines } from './arrival.ts';

/** Cookies, credentials and addresses of the caller, hop-by-hop fields and a gateway's own headers: none is the vendor's business. */
const PRIVATE =
  /^(?:cookie|forwarded|expect|te|trailer|upgrade|keep-alive|prefer|proxy-.*|x-forwarded-.*|x-ws-.*|x-gateway-.*)$/;

/** The names of headers that a gateway should have kept from the vendor; `authorization` when there is more than one. */
export function leakedHeaders(headers: HeaderLines): string[] {
  const names = [...headers.keys()].filter((name) => PRIVATE.test(name));
  return (headers.get('authorization')?.length ?? 0) > 1 ? [...names, 'authorization'] : names;
}
