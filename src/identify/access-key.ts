import { createHmac, hash, timingSafeEqual } from 'node:crypto';
import { type KnownConsumer, PRIVILEGED_HEADERS } from '../catalog/consumer.ts';
import { canonicalText, stringToSign } from '../signing/canonical-request.ts';
import {
  type Claim,
  type FailureReason,
  fromWire,
  NotIdentified,
  type Presented,
  type Proven,
  valuesOf,
} from './presented.ts';
import { isCurrent, rememberedMs } from './tolerance.ts';

/** In the order and spelling of both SDKs; the vendor's sample writes the signature in capitals. */
const AUTHORIZATION = /^CNC-HMAC-SHA256 Credential=([^\s,]+), SignedHeaders=([^\s,]+), Signature=([0-9A-Fa-f]{64})$/;

/** The vendor demands these two under the signature. */
const ALWAYS_SIGNED = ['content-type', 'host'];

/** These decide what is called and for whom, so whoever sends them signs them: nobody on the way may add them. */
const SIGNED_IF_SENT = ['x-gateway-account', 'x-http-method-override', ...PRIVILEGED_HEADERS];

const MOST_SIGNED = 32;

/** What a request says of its own signature. */
interface Statement {
  readonly id: string;
  /** Decimal Unix seconds, as sent. */
  readonly timestamp: string;
  readonly signedHeaders: readonly string[];
  readonly signature: Buffer;
}

/**
 * Tells whose virtual access key a request names, and what is left to be proven once its body is here. All that the head can be
 * wrong in is found now, so a caller that could never prove itself need not send a body.
 *
 * @param options.at ms since 1970
 * @throws NotIdentified
 */
export function claimAccessKey(
  authorization: string,
  { presented, consumers, at }: { presented: Presented; consumers: readonly KnownConsumer[]; at: number },
): Claim {
  const statement = readStatement(authorization, presented.rawHeaders);
  const { id, timestamp, signature } = statement;
  const consumer = consumers.find(({ accessKey }) => accessKey?.id === id);
  if (consumer?.accessKey === undefined) throw failed('the access key is not one of this gateway', 'unknown');
  const { secretKey } = consumer.accessKey;
  const signedAt = Number(timestamp) * 1000;
  const refuseStale = (now: number) => {
    if (isCurrent(signedAt, now)) return;
    throw failed("x-cnc-timestamp is more than 5 minutes off this gateway's clock", 'stale', id);
  };
  refuseStale(at);
  return {
    consumer,
    proof: {
      id,
      prove(body, provenAt) {
        // A body may take longer than a used signature is remembered.
        refuseStale(provenAt);
        const signed = readings(presented, statement, body).find(({ canonical }) => {
          const text = stringToSign(timestamp, hash('sha256', canonical));
          return timingSafeEqual(createHmac('sha256', secretKey.reveal()).update(text).digest(), signature);
        });
        if (signed === undefined) throw failed('the signature does not fit what arrived', 'signature', id);
        const name = hash('sha256', `${id} ${timestamp} ${signature.toString('hex')}`, 'base64url');
        return { usedUp: { name, forMs: rememberedMs(signedAt, provenAt) }, plus: signed.plus };
      },
    },
  };
}

function readStatement(authorization: string, rawHeaders: readonly string[]): Statement {
  const [, id, names, signature] = AUTHORIZATION.exec(authorization) ?? [];
  if (id === undefined || names === undefined || signature === undefined) {
    throw failed('Authorization is not as the vendor has it: CNC-HMAC-SHA256 Credential=, SignedHeaders=, Signature=');
  }
  if (only(rawHeaders, 'x-cnc-accesskey') !== id)
    throw failed('x-cnc-accessKey is not the Credential of Authorization');
  const timestamp = only(rawHeaders, 'x-cnc-timestamp');
  if (!/^\d{1,12}$/.test(timestamp)) throw failed('x-cnc-timestamp is not in Unix seconds');
  return { id, timestamp, signedHeaders: readNames(names, rawHeaders), signature: Buffer.from(signature, 'hex') };
}

function readNames(list: string, rawHeaders: readonly string[]): readonly string[] {
  const names = list.split(';');
  // Each is looked for among all headers, for somebody who is not known yet.
  if (names.length > MOST_SIGNED) throw failed(`SignedHeaders names more than ${MOST_SIGNED} headers`);
  if ([...new Set(names)].sort().join(';').toLowerCase() !== list) {
    throw failed('SignedHeaders are not in lower case, in order and each once');
  }
  for (const name of ALWAYS_SIGNED) if (!names.includes(name)) throw failed(`SignedHeaders lacks ${name}`);
  for (const name of SIGNED_IF_SENT) {
    if (valuesOf(rawHeaders, name).length > 0 && !names.includes(name)) throw failed(`${name} is sent and not signed`);
  }
  for (const name of names) only(rawHeaders, name);
  return names;
}

/** A header that came twice has no value that everybody would agree on. */
function only(rawHeaders: readonly string[], name: string): string {
  const [value, another] = valuesOf(rawHeaders, name);
  if (value === undefined || another !== undefined) {
    throw failed(`${/^[\w-]+$/.test(name) ? name : 'a signed header'} must be there once`);
  }
  return value;
}

interface Reading extends Pick<Proven, 'plus'> {
  readonly canonical: string;
}

/** What the vendor's SDKs may have signed of what arrived; they differ on `+` in queries, and on the body of a DELETE. */
function readings(
  { method, target, rawHeaders }: Presented,
  { signedHeaders }: Statement,
  body: Buffer,
): readonly Reading[] {
  const mark = target.indexOf('?');
  const path = mark < 0 ? target : target.slice(0, mark);
  const headers = signedHeaders.map((name) => [name, fromWire(only(rawHeaders, name))] as const);
  return signedQueries(mark < 0 ? '' : target.slice(mark + 1)).flatMap(({ query, plus }) =>
    signedBodies(method, body).map((content) => ({
      canonical: canonicalText({ method, path, query, headers, bodyHash: hash('sha256', content) }),
      plus,
    })),
  );
}

/**
 * Go takes a plus sign for a space, Python keeps it. What neither can decode was refused with the target. The space comes first: it
 * holds where the signature doesn't tell, because it covers no query of a POST.
 */
function signedQueries(query: string): readonly { query: string; plus: Proven['plus'] }[] {
  const withSpaces = { query: decodeURIComponent(query.replaceAll('+', ' ')), plus: 'space' } as const;
  return query.includes('+') ? [withSpaces, { query: decodeURIComponent(query), plus: 'plus' }] : [withSpaces];
}

/** Go signs the body of a DELETE, Python drops it and signs nothing. A GET's is never signed, and never taken. */
function signedBodies(method: string, body: Buffer): readonly (Buffer | string)[] {
  if (method === 'GET') return [''];
  return method === 'DELETE' && body.length > 0 ? [body, ''] : [body];
}

function failed(message: string, reason: FailureReason = 'malformed', id?: string): NotIdentified {
  return new NotIdentified(message, { scheme: 'access-key', reason, ...(id === undefined ? {} : { id }) });
}
