const UNKNOWN_AUTHORITY =
  'its certificate is of an authority that is not trusted: for a private one, name its certificate in caFile';
const DROPPED = 'no answer in time: something on the way drops it, or only one side speaks TLS';
const CLOSED = 'it closed the connection: check the port, whether it wants TLS, and what stands on the way';

/** What is wrong and what to do, by the code of the system, of TLS or of the HTTP client. */
const ADVICE: Readonly<Record<string, string>> = {
  ENOTFOUND: 'the name has no address: check how it is written, and the DNS of this machine',
  EAI_AGAIN: 'DNS does not answer: check the resolver of this machine',
  ECONNREFUSED: 'nobody listens there: check host and port, and that it runs',
  EHOSTUNREACH: 'there is no way to it: check routes and firewalls',
  ENETUNREACH: 'there is no way to it: check routes and firewalls',
  ENOENT: 'there is no such socket: check the path, and that it runs',
  EACCES: 'this user may not open it: check its permissions',
  ETIMEDOUT: DROPPED,
  UND_ERR_CONNECT_TIMEOUT: DROPPED,
  UND_ERR_HEADERS_TIMEOUT: 'it takes the connection and does not answer: check that it is what it should be',
  ECONNRESET: CLOSED,
  EPIPE: CLOSED,
  UND_ERR_SOCKET: CLOSED,
  EPROTO: 'it speaks no TLS of a version that is safe (1.2 or later): check scheme and port',
  CERT_HAS_EXPIRED: 'its certificate has expired: it must be renewed there, unless the clock of this machine is wrong',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet: check the clock of this machine',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name: check the host, and what answers there',
  DEPTH_ZERO_SELF_SIGNED_CERT: UNKNOWN_AUTHORITY,
  SELF_SIGNED_CERT_IN_CHAIN: UNKNOWN_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT: UNKNOWN_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNKNOWN_AUTHORITY,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNKNOWN_AUTHORITY,
};

/** What keeps a connection from being made or used, and what to do; undefined where the error isn't about that. */
export function connectionFault(error: unknown): string | undefined {
  const code = codes(error).find((known) => Object.hasOwn(ADVICE, known) || known.startsWith('ERR_SSL_'));
  if (code === undefined) return undefined;
  return `${ADVICE[code] ?? ADVICE['EPROTO']} (${code})`;
}

/** The codes of an error and of what caused it, outermost first. */
function codes(error: unknown): string[] {
  if (!(error instanceof Error)) return [];
  const own = 'code' in error && typeof error.code === 'string' ? [error.code] : [];
  const parts = error instanceof AggregateError ? error.errors.flatMap(codes) : [];
  return [...own, ...parts, ...codes(error.cause)];
}
