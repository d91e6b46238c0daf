import { createHmac } from 'node:crypto';
import type { Credential } from '../catalog/account.ts';
import { SIGNED_HEADERS, stringToSign } from './canonical-request.ts';

type AccessKey = Extract<Credential, { type: 'access-key' }>;

/**
 * The headers that sign a request with an access key (AK/SK, CNC-HMAC-SHA256).
 *
 * @param options.timestamp Unix seconds as text. The vendor refuses one that is more than 5 minutes off its clock, and for
 *   5 minutes the same signature twice.
 * @param options.canonicalRequestHash SHA-256 of the canonical request, lower-case hex
 */
export function accessKeyHeaders(
  credential: AccessKey,
  options: { timestamp: string; canonicalRequestHash: string },
): Record<string, string> {
  const { timestamp, canonicalRequestHash } = options;
  const signature = createHmac('sha256', credential.secretKey.reveal())
    .update(stringToSign(timestamp, canonicalRequestHash))
    .digest('hex');
  const { accessKey } = credential;
  return {
    'x-cnc-accesskey': accessKey,
    'x-cnc-timestamp': timestamp,
    'x-cnc-auth-method': 'AKSK',
    authorization: `CNC-HMAC-SHA256 Credential=${accessKey}, SignedHeaders=${SIGNED_HEADERS.join(';')}, Signature=${signature}`,
  };
}
