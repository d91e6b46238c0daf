import type { X509Certificate } from 'node:crypto';
import type { KnownConsumer } from '../catalog/consumer.ts';
import { type Claim, NotIdentified } from './presented.ts';

/**
 * Tells whose client certificate that is, by its subject's common name or one of its alternative names, compared as a whole. The
 * listener has verified that the certificate is good.
 *
 * @throws NotIdentified, also for a certificate that names two consumers
 */
export function claimCertificate(certificate: X509Certificate, consumers: readonly KnownConsumer[]): Claim {
  const names = namesOf(certificate);
  const [consumer, another] = consumers.filter(
    ({ certificateName }) => certificateName !== undefined && names.includes(certificateName),
  );
  if (consumer !== undefined && another === undefined) return { consumer };
  const message =
    another === undefined ? "the client certificate is nobody's" : 'the client certificate names two consumers';
  throw new NotIdentified(message, { scheme: 'certificate', reason: 'unknown' });
}

/** `CN:purge-bot` of the subject, and `DNS:a.internal`, `URI:spiffe://a/b`, `email:a@b` of the alternative names. */
export function namesOf(certificate: X509Certificate): readonly string[] {
  const commonName: unknown = certificate.toLegacyObject().subject?.CN;
  return [
    // A subject with several common names comes as a list, and names nobody.
    ...(typeof commonName === 'string' ? [`CN:${commonName}`] : []),
    ...alternativeNames(certificate.subjectAltName ?? ''),
  ];
}

/**
 * Node writes `DNS:a, URI:b`, and a value that could be taken for more than one entry as a JSON string: `DNS:"a, DNS:b"`. Only the
 * plain ones are names; what needs quoting is no name of a consumer.
 */
function alternativeNames(text: string): string[] {
  const entries = text.matchAll(/(DNS|URI|email|[A-Za-z ]+):("(?:[^"\\]|\\.)*"|[^,]*)(?:, |$)/gy);
  return [...entries]
    .filter(([, , value]) => value !== undefined && !value.startsWith('"'))
    .map(([, kind, value]) => `${kind}:${value}`);
}
