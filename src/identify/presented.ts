import type { X509Certificate } from 'node:crypto';
import type { KnownConsumer } from '../catalog/consumer.ts';

/** The peer of a connection over a unix socket: who may open the file, the system decides. */
export const UNIX_SOCKET = 'unix';

/** What a caller presents, as it came off the wire. */
export interface Presented {
  /** As in the request line. */
  readonly method: string;
  /** As in the request line, query and all. */
  readonly target: string;
  /** Names and values by turns, in the order sent, as Node gives them. */
  readonly rawHeaders: readonly string[];
  /** The address of the connection's other end, or `UNIX_SOCKET`; never what a header says. */
  readonly peer: string;
  /** The client certificate that the listener has verified, if there is one. */
  readonly certificate: () => X509Certificate | undefined;
  /** The consumer that the listener's socket belongs to, if it does. */
  readonly socketConsumer?: string;
  /** What the configuration calls the host that the listener is on; absent of a unix socket. */
  readonly listenerHost?: string;
}

/** Who a request says it is. */
export interface Claim<Caller = KnownConsumer> {
  readonly consumer: Caller;
  /** Absent where the head has proven it. */
  readonly proof?: Proof;
}

/** What is left to be proven once the body is here. */
export interface Proof {
  /** The access key that the request names. */
  readonly id: string;
  /**
   * Proves the request.
   *
   * @param at ms since 1970
   * @throws NotIdentified
   */
  prove(body: Buffer, at: number): Proven;
}

/** What a request has proven. */
export interface Proven {
  /** What no other request may prove itself with, and for how long. */
  readonly usedUp: { readonly name: string; readonly forMs: number };
  /** What a plus sign in the query means by the signature. */
  readonly plus: 'space' | 'plus';
}

/** How a caller presents itself; a label of metrics. */
export type Scheme = 'bearer' | 'access-key' | 'api-key' | 'certificate' | 'none';

/** Why that didn't do; a label of metrics. `unproven`: it ended, or was forbidden, before the body that its signature covers. */
export type FailureReason = 'missing' | 'malformed' | 'unknown' | 'stale' | 'signature' | 'replayed' | 'unproven';

/** Thrown for a caller that can't be told. The message says why and never holds what was presented. */
export class NotIdentified extends Error {
  readonly scheme: Scheme;
  readonly reason: FailureReason;
  /** The access key that the request names, if it is one of ours. */
  readonly id: string | undefined;

  constructor(message: string, { scheme, reason, id }: { scheme: Scheme; reason: FailureReason; id?: string }) {
    super(message);
    this.scheme = scheme;
    this.reason = reason;
    this.id = id;
  }
}

/** All values of a header, in the order sent; `name` in lower case. Node's own view of a header drops or joins repeated ones. */
export function valuesOf(rawHeaders: readonly string[], name: string): string[] {
  return rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === name);
}

/** The text of a header's value, of which Node gives one character for each byte. A target is ASCII. */
export function fromWire(text: string): string {
  return Buffer.from(text, 'latin1').toString();
}
