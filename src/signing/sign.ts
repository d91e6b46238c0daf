import { hash } from 'node:crypto';
import type { Credential } from '../catalog/account.ts';
import { accessKeyHeaders } from './access-key.ts';
import { apiKeyHeaders } from './api-key.ts';
import { canonicalRequest } from './canonical-request.ts';
import type { UpstreamRequest } from './upstream-request.ts';

/** A request that is ready to be signed, as soon as it is known for which second. */
export interface Signable {
  /**
   * Equal for two requests whose signatures would be equal in one second; the vendor refuses the second of these, so each needs
   * a second of its own. Absent when the scheme has no such rule.
   */
  readonly fingerprint?: string;
  /** The request with its authorization, signed for that Unix second. */
  sign(second: number): UpstreamRequest;
}

/** Chooses the scheme by the kind of credential. Does the hashing that doesn't depend on time, so that it is done once. */
export function signable(request: UpstreamRequest, credential: Credential): Signable {
  switch (credential.type) {
    case 'access-key': {
      const canonicalRequestHash = hash('sha256', canonicalRequest(request));
      return {
        fingerprint: `${credential.accessKey}:${canonicalRequestHash}`,
        sign: (second) =>
          withHeaders(request, accessKeyHeaders(credential, { timestamp: String(second), canonicalRequestHash })),
      };
    }
    case 'api-key':
      return {
        sign: (second) => withHeaders(request, apiKeyHeaders(credential, new Date(second * 1000).toUTCString())),
      };
  }
}

function withHeaders(request: UpstreamRequest, headers: Record<string, string>): UpstreamRequest {
  return Object.freeze({ ...request, headers: Object.freeze({ ...request.headers, ...headers }) });
}
