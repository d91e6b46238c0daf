import { hash, timingSafeEqual } from 'node:crypto';
import type { KnownConsumer } from '../catalog/consumer.ts';
import { type Claim, NotIdentified } from './presented.ts';

/**
 * Tells whose bearer token that is.
 *
 * @throws NotIdentified
 */
export function claimToken(authorization: string, consumers: readonly KnownConsumer[]): Claim {
  const [, token] = /^Bearer +(\S+)$/i.exec(authorization) ?? [];
  if (token === undefined) {
    throw new NotIdentified('the bearer token is missing or more than one word', {
      scheme: 'bearer',
      reason: 'malformed',
    });
  }
  const consumer = withToken(token, consumers);
  if (consumer !== undefined) return { consumer };
  throw new NotIdentified('the bearer token is not one of this gateway', { scheme: 'bearer', reason: 'unknown' });
}

/** All digests are compared, each in constant time, so that the answer's time tells nothing of the tokens. */
function withToken(token: string, consumers: readonly KnownConsumer[]): KnownConsumer | undefined {
  const digest = Buffer.from(hash('sha256', token));
  return consumers.filter(
    ({ tokenSha256 }) => tokenSha256 !== undefined && timingSafeEqual(digest, Buffer.from(tokenSha256)),
  )[0];
}
