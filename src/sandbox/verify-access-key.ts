import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { refuseAmbiguous, refuseUnclear } from './ambiguity.ts';
import { type Arrival, onlyValue } from './arrival.ts';
import type { Instant, Keyring } from './keyring.ts';
import { Refusal } from './refusal.ts';

/** The vendor's tolerance, taken as two-sided: "more than 5 minutes from server time" (AK/SK page). */
const TOLERANCE_MS = 5 * 60_000;

const AUTHORIZATION = /^CNC-HMAC-SHA256 Credential=([^\s,]+), SignedHeaders=([^\s,]+), Signature=([0-9A-Fa-f]{64})$/;

/** What a request says of its own signature. */
interface Claim {
  readonly accessKey: string;
  /** Decimal Unix seconds, as sent: leading zeros are part of the signed text. */
  readonly timestamp: string;
  readonly signedHeaders: readonly string[];
  /** Hex of either case: the vendor's sample sends upper, its SDKs lower. */
  readonly signature: string;
}

/**
 * Verifies CNC-HMAC-SHA256 over the raw target and body. A signature is good for one request.
 *
 * @returns the access key
 * @throws Refusal with status 462
 */
export function verifyAccessKey(arrival: Arrival, authorization: string, keyring: Keyring, at: Instant): string {
  const claim = readClaim(arrival, authorization);
  const secretKey = keyring.accessKeys.get(claim.accessKey);
  if (secretKey === undefined) throw new Refusal(462, 'unknown-key', 'this sandbox does not know the access key');
  refuseUnclear(arrival, 462);
  refuseAmbiguous(arrival, claim.signedHeaders);
  const expected = createHmac('sha256', secretKey).update(stringToSign(arrival, claim)).digest();
  if (!timingSafeEqual(Buffer.from(claim.signature, 'hex'), expected)) {
    throw new Refusal(462, 'bad-signature', 'the signature does not fit what arrived');
  }
  if (Math.abs(at.wallMs - Number(claim.timestamp) * 1000) > TOLERANCE_MS) {
    throw new Refusal(462, 'stale', 'x-cnc-timestamp is more than 5 minutes from server time');
  }
  if (!keyring.replays.use(`${claim.accessKey} ${claim.timestamp} ${claim.signature.toLowerCase()}`, at.monotonicMs)) {
    throw new Refusal(462, 'replay', 'this Authorization was used for the same timestamp within 5 minutes');
  }
  return claim.accessKey;
}

function readClaim({ headers }: Arrival, authorization: string): Claim {
  const malformed = (message: string) => new Refusal(462, 'malformed', message);
  const [, credential, names, signature] = AUTHORIZATION.exec(authorization) ?? [];
  if (!credential || !names || !signature) throw malformed('Authorization is not in the form of the AK/SK page');
  const accessKey = onlyValue(headers, 'x-cnc-accesskey');
  if (accessKey !== credential) throw malformed('x-cnc-accessKey is not the Credential of Authorization');
  if (onlyValue(headers, 'x-cnc-auth-method') !== 'AKSK') throw malformed('x-cnc-auth-method is not AKSK');
  const timestamp = onlyValue(headers, 'x-cnc-timestamp');
  if (timestamp === undefined || !/^\d+$/.test(timestamp)) throw malformed('x-cnc-timestamp is not in Unix seconds');
  const signedHeaders = names.split(';');
  for (const name of ['content-type', 'host']) {
    if (!signedHeaders.includes(name)) throw malformed(`SignedHeaders lacks ${name}`);
    if (onlyValue(headers, name) === undefined) throw malformed(`${name} is signed but not there exactly once`);
  }
  return { accessKey, timestamp, signedHeaders, signature };
}

function stringToSign(arrival: Arrival, claim: Claim): string {
  return `CNC-HMAC-SHA256\n${claim.timestamp}\n${sha256(canonicalRequest(arrival, claim.signedHeaders))}`;
}

function canonicalRequest({ method, path, query, headers, body }: Arrival, signedHeaders: readonly string[]): string {
  // A signed header that is absent signs as empty: both SDKs do so.
  const lines = signedHeaders.map((name) => `${name}:${(headers.get(name)?.[0] ?? '').toLowerCase()}\n`);
  return [
    method,
    path,
    // The vendor leaves the query of a POST, and the body of a GET, outside the signature.
    method === 'POST' ? '' : decodeURIComponent(query),
    lines.join(''),
    signedHeaders.join(';'),
    sha256(method === 'GET' ? '' : body),
  ].join('\n');
}

function sha256(data: string | Buffer): string {
  return createHash('sha256').update(data).digest('hex');
}
