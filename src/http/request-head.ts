import type { FastifyRequest } from 'fastify';
import { type GatewayError, requestInvalid } from '../errors.ts';
import { valuesOf } from '../identify/presented.ts';

/** The methods of the vendor's API that HTTP libraries know. */
export const METHODS: readonly string[] = ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT'];

/** The method isn't one of the vendor's API. */
export function methodUnknown(method: string): GatewayError {
  return requestInvalid(
    `the vendor's API has no ${method} method; there are ${METHODS.join(', ')}, and ENABLE and DISABLE as x-http-method-override on a POST`,
  );
}

/**
 * Refuses a head that can't be sent on as it was meant. Node and Fastify would refuse some of these with less than a reason, and
 * pass others on with a part missing. An empty content-type becomes the one that the vendor takes for none.
 *
 * @throws `request-invalid`
 */
export function refuseUnsound({ raw, method }: FastifyRequest): void {
  const { headers, httpVersion } = raw;
  const { host, 'content-length': length = '0', 'transfer-encoding': coding } = headers;
  if (!METHODS.includes(method)) throw methodUnknown(method);
  // RFC 9112, section 3.2. Node takes the first one.
  if (valuesOf(raw.rawHeaders, 'host').length > 1) throw requestInvalid('there is more than one Host header');
  if (host === undefined && httpVersion === '1.1') throw requestInvalid('an HTTP/1.1 request must have a Host header');
  if (coding !== undefined && coding.toLowerCase() !== 'chunked') {
    throw requestInvalid('the only transfer-encoding is chunked; what else the body is coded with would be lost');
  }
  // The server doesn't read a body on GET and HEAD; to drop it silently would send less than the caller meant.
  if ((method === 'GET' || method === 'HEAD') && (length !== '0' || coding !== undefined)) {
    throw requestInvalid(`a ${method} request can't have a body: the signature would not cover it`);
  }
  if (headers['content-type'] === '') headers['content-type'] = 'application/json';
}

/** Node's parser refuses the vendor's ENABLE and DISABLE; a POST that names one in this header is sent as that. */
export function methodOf(request: FastifyRequest): string {
  const override = headerOf(request, 'x-http-method-override');
  if (override === undefined) return request.method;
  if (request.method === 'POST' && (override === 'ENABLE' || override === 'DISABLE')) return override;
  throw requestInvalid('x-http-method-override takes ENABLE or DISABLE, on a POST');
}

/** The value of a header of the caller, however often it came. */
export function headerOf(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value.join(', ') : value;
}
