import { loopbackAnd, type Network } from '../catalog/network.ts';
import { consumerForbidden } from '../errors.ts';
import { type Presented, UNIX_SOCKET, valuesOf } from './presented.ts';

const isLoopback: Network = loopbackAnd([]);

/**
 * Refuses what a browser sends for a page of some web site: the site would act with what its visitor's machine may do, by being
 * there or by a certificate that the browser presents for it. Only for callers that need not show anything of their own making;
 * no page can make up a token or a signature. No browser reaches a unix socket.
 *
 * @throws `consumer-forbidden`
 */
export function refuseWebPage({ rawHeaders, peer }: Presented): void {
  if (peer === UNIX_SOCKET) return;
  // Fetch standard: `Origin` comes with all but GET and HEAD, W3C Fetch Metadata with every request to loopback or over TLS.
  const site = valuesOf(rawHeaders, 'sec-fetch-site').find((value) => value !== 'none' && value !== 'same-origin');
  if (site === undefined && valuesOf(rawHeaders, 'origin').length === 0) return;
  throw consumerForbidden('a request of a web page (Origin, Sec-Fetch-Site) needs a token or a signature');
}

/**
 * Refuses a request over loopback to a host by another name. A site whose name is made to resolve to 127.0.0.1 (DNS rebinding) is
 * same-origin for the browser, which then tells of nothing but the name.
 *
 * @throws `consumer-forbidden`
 */
export function refuseForeignHost({ rawHeaders, peer, listenerHost }: Presented): void {
  const [host] = valuesOf(rawHeaders, 'host');
  if (host === undefined || !isLoopback(peer)) return;
  const name = nameOf(host);
  if (name === 'localhost' || isLoopback(name)) return;
  // Browsers take 0.0.0.0 for this machine, and no page needs DNS to name it.
  if (name === listenerHost?.toLowerCase() && name !== '0.0.0.0' && name !== '::') return;
  throw consumerForbidden(
    "a request over loopback without credentials must have localhost, 127.0.0.1 or the listener's host as its Host",
  );
}

/** `LOCALHOST:8080` → localhost, `[::1]:8080` → ::1. */
function nameOf(host: string): string {
  return host
    .replace(/:\d*$/, '')
    .replace(/^\[(.*)\]$/, '$1')
    .toLowerCase();
}
