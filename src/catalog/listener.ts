import type { Secret } from './secret.ts';

/** What a listener proves itself with, and what it asks of callers. */
export interface Tls {
  /** PEM: the listener's certificate, then those between it and its authority. */
  readonly cert: string;
  /** PEM of its private key. */
  readonly key: Secret;
  /** PEM of the authorities that alone vouch for callers. Without it, no caller is asked for a certificate. */
  readonly clientCa?: string;
}

/** A port. */
export interface TcpListener {
  /** Address or host name; of a name, every address of this machine's. */
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  readonly tls?: Tls;
  /** Most requests of this listener at one time, beside the limit of the whole gateway. */
  readonly inFlight?: number;
}

/** A socket in the file system: whoever may open it may call. */
export interface UnixListener {
  /** Absolute path. */
  readonly unixSocket: string;
  /** The socket's permissions: 0o660. */
  readonly mode: number;
  /** Who calls here, unless a request presents credentials. */
  readonly consumer?: string;
  readonly inFlight?: number;
}

/** Where consumers call. */
export type Listener = TcpListener | UnixListener;

/** How a listener is called in logs and by `check`: `https://127.0.0.1:8443`, `unix:/run/gateway.sock`. */
export function listenerName(listener: Listener): string {
  if ('unixSocket' in listener) return `unix:${listener.unixSocket}`;
  const { host, port, tls } = listener;
  return `${tls === undefined ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
