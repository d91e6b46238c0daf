import type { Secret } from '../catalog/secret.ts';

/** Where Redis is: one server, a cluster, or whichever server a Sentinel names. */
export interface RedisLocation {
  readonly server:
    | { readonly kind: 'single'; readonly url: Secret }
    | { readonly kind: 'cluster'; readonly nodes: readonly HostPort[] }
    | { readonly kind: 'sentinel'; readonly name: string; readonly nodes: readonly HostPort[] };
  readonly username?: string;
  readonly password?: Secret;
  /** TLS, verified with these certificates (PEM) in place of the system's if given. A `rediss:` URL means TLS as well. */
  readonly tls?: { readonly ca?: string };
}

/** An address to connect to. */
export interface HostPort {
  readonly host: string;
  readonly port: number;
}
