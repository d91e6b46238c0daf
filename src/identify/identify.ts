import type { X509Certificate } from 'node:crypto';
import type { Anonymous, Consumer, KnownConsumer } from '../catalog/consumer.ts';
import { claimAccessKey } from './access-key.ts';
import { claimApiKey } from './api-key.ts';
import { claimCertificate } from './certificate.ts';
import { type Claim, NotIdentified, type Presented, UNIX_SOCKET, valuesOf } from './presented.ts';
import { claimToken } from './token.ts';
import { refuseForeignHost, refuseWebPage } from './web-page.ts';

/** Whom a configuration knows. */
export interface Known {
  readonly consumers: readonly KnownConsumer[];
  readonly anonymous?: Anonymous;
}

/** What a request is identified by: the first of these that it presents and that some consumer has. */
type Credential =
  | { readonly kind: 'bearer' | 'access-key' | 'api-key'; readonly authorization: string }
  | { readonly kind: 'certificate'; readonly certificate: X509Certificate }
  | { readonly kind: 'socket'; readonly name: string }
  | { readonly kind: 'none' };

/**
 * Tells who calls, from the head of a request.
 *
 * A credential of a kind that some consumer has is a claim that must be true: it never falls through to the next one. Of any other
 * kind it is dropped with the rest of the caller's headers, and whoever presents none is `anonymous`, if the configuration has that
 * and the connection comes over loopback, a unix socket or from a trusted network. Neither they nor those that a certificate tells
 * may be web pages.
 *
 * @param at ms since 1970
 * @throws NotIdentified; `consumer-forbidden` for a web page
 */
export function identify(presented: Presented, known: Known, at: number): Claim<Consumer> {
  const { consumers } = known;
  const credential = credentialOf(presented, consumers);
  switch (credential.kind) {
    case 'bearer':
      return claimToken(credential.authorization, consumers);
    case 'access-key':
      return claimAccessKey(credential.authorization, { presented, consumers, at });
    case 'api-key':
      return claimApiKey(credential.authorization, { presented, consumers, at });
    case 'certificate':
      refuseWebPage(presented);
      return claimCertificate(credential.certificate, consumers);
    case 'socket':
      return claimSocket(credential.name, consumers);
    case 'none':
      return claimNothing(presented, known);
  }
}

/** The schemes of `Authorization` that some consumer has, in the words of `WWW-Authenticate`. */
export function challengesOf(consumers: readonly KnownConsumer[]): readonly string[] {
  return AUTHORIZATIONS.filter(({ isUsed }) => consumers.some(isUsed)).map(({ challenge }) => challenge);
}

const AUTHORIZATIONS = [
  {
    kind: 'bearer',
    scheme: 'bearer',
    challenge: 'Bearer',
    isUsed: ({ tokenSha256 }: KnownConsumer) => tokenSha256 !== undefined,
  },
  {
    kind: 'access-key',
    scheme: 'cnc-hmac-sha256',
    challenge: 'CNC-HMAC-SHA256',
    isUsed: ({ accessKey }: KnownConsumer) => accessKey !== undefined,
  },
  {
    kind: 'api-key',
    scheme: 'basic',
    challenge: 'Basic realm="cdnetworks-gateway"',
    isUsed: ({ apiKey }: KnownConsumer) => apiKey !== undefined,
  },
] as const;

function credentialOf(presented: Presented, consumers: readonly KnownConsumer[]): Credential {
  const claims = valuesOf(presented.rawHeaders, 'authorization').flatMap((authorization): Credential[] => {
    const used = AUTHORIZATIONS.find(({ scheme }) => scheme === schemeOf(authorization));
    return used !== undefined && consumers.some(used.isUsed) ? [{ kind: used.kind, authorization }] : [];
  });
  const [claim, another] = claims;
  if (another !== undefined) {
    throw new NotIdentified('there is more than one Authorization', { scheme: 'none', reason: 'malformed' });
  }
  if (claim !== undefined) return claim;
  const certificate = consumers.some((consumer) => consumer.certificateName !== undefined)
    ? presented.certificate()
    : undefined;
  if (certificate !== undefined) return { kind: 'certificate', certificate };
  return presented.socketConsumer === undefined ? { kind: 'none' } : { kind: 'socket', name: presented.socketConsumer };
}

/** The scheme alone (RFC 9110, section 11.1), whatever follows it: what doesn't follow as it should is a claim as well. */
function schemeOf(authorization: string): string | undefined {
  return /^[!#$%&'*+.^_`|~0-9A-Za-z-]+/.exec(authorization)?.[0].toLowerCase();
}

function claimSocket(name: string, consumers: readonly KnownConsumer[]): Claim {
  const consumer = consumers.find((known) => known.name === name);
  if (consumer !== undefined) return { consumer };
  throw new NotIdentified('the consumer of this socket is not configured', { scheme: 'none', reason: 'unknown' });
}

function claimNothing(presented: Presented, { consumers, anonymous }: Known): Claim<Consumer> {
  const { peer } = presented;
  if (anonymous !== undefined && (peer === UNIX_SOCKET || anonymous.trusts(peer))) {
    refuseWebPage(presented);
    refuseForeignHost(presented);
    return { consumer: anonymous };
  }
  const wanted = consumers.length === 0 ? 'a connection from a trusted network' : 'credentials';
  const schemes = challengesOf(consumers).map((challenge) => challenge.split(' ')[0]);
  const which = schemes.length === 0 ? '' : `: Authorization with ${schemes.join(' or ')}`;
  throw new NotIdentified(`this gateway wants ${wanted}${which}`, { scheme: 'none', reason: 'missing' });
}
