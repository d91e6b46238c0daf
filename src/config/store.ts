import { Secret } from '../catalog/secret.ts';
import type { HostPort, RedisLocation } from '../quota/redis-location.ts';
import type { SecretReference } from './account-schema.ts';
import { readCertificates } from './accounts.ts';
import type { StoreConfig } from './config.ts';
import { whole } from './credential.ts';
import { parseDurationMs } from './duration.ts';
import { checkValue, type Fault, Unusable } from './mistakes.ts';
import type { FileConfig } from './schema.ts';
import type { Sources } from './sources.ts';
import type { Sound } from './structure.ts';

type FileStore = FileConfig['store'];
type FileRedis = Extract<FileStore, { type: 'redis' }>;

/** Checks what a store has from outside the file, and that it says where it is exactly once. */
export function checkStore({ store }: Sound<FileConfig>, sources: Sources): Fault[] {
  if (store?.type === 'memory') {
    return checkValue(['store', 'journal'], store.journal, (path) => sources.placeFile(path));
  }
  if (store?.type !== 'redis') return [];
  const places = (['url', 'cluster', 'sentinel'] as const).filter((key) => key in store);
  return [
    ...(places.length === 1 ? [] : [{ path: ['store'], message: 'expected one of url, cluster and sentinel' }]),
    ...checkValue(['store', 'url'], typeof store.url === 'string' ? store.url : whole(store.url), (url) =>
      readUrl(url, sources),
    ),
    ...checkValue(['store', 'password'], whole(store.password), (password) => readText(password, sources)),
    ...checkValue(['store', 'caFile'], store.caFile, (path) => readCertificates(path, sources)),
  ];
}

/**
 * Resolves the store of a file.
 *
 * @throws Unusable for what `checkStore` finds fault with
 */
export function toStore(store: FileStore, sources: Sources): StoreConfig {
  if (store.type === 'memory') {
    const { type, journal } = store;
    return { type, ...(journal !== undefined && { journal: sources.placeFile(journal) }) };
  }
  return {
    type: 'redis',
    location: toLocation(store, sources),
    keyPrefix: store.keyPrefix ?? 'cdnetworks-gateway',
    whenDown: store.whenDown ?? 'closed',
    coldStart: store.coldStart ?? 'trust',
    deadlineMs: parseDurationMs(store.deadline ?? '500ms'),
  };
}

function toLocation(store: FileRedis, sources: Sources): RedisLocation {
  const { username, password, tls = false, caFile } = store;
  return {
    server: toServer(store, sources),
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password: readText(password, sources) }),
    ...((tls || caFile !== undefined) && {
      tls: caFile === undefined ? {} : { ca: readCertificates(caFile, sources) },
    }),
  };
}

function toServer({ url, cluster, sentinel }: FileRedis, sources: Sources): RedisLocation['server'] {
  if (url !== undefined) return { kind: 'single', url: readUrl(url, sources) };
  if (cluster !== undefined) return { kind: 'cluster', nodes: cluster.map(toHostPort) };
  if (sentinel !== undefined) {
    return { kind: 'sentinel', name: sentinel.name, nodes: sentinel.nodes.map(toHostPort) };
  }
  throw new Unusable('expected one of url, cluster and sentinel');
}

function toHostPort(text: string): HostPort {
  const colon = text.lastIndexOf(':');
  return { host: text.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(text.slice(colon + 1)) };
}

/** The messages don't quote the URL: it may hold a password. */
function readUrl(url: string | SecretReference, sources: Sources): Secret {
  const text = typeof url === 'string' ? url : sources.readSecret(url);
  if (/^unix:\/\/\/\P{Cc}+$/u.test(text)) return new Secret(text);
  if (!(/^rediss?:\/\/[^\s]+$/.test(text) && URL.canParse(text))) {
    throw new Unusable('expected a redis://, rediss:// or unix:// URL');
  }
  const { pathname, search, hash } = new URL(text);
  // The client would take a query for options, and let these win over the gateway's own: its deadline, say.
  if (!/^\/?\d{0,5}$/.test(pathname) || search !== '' || hash !== '') {
    throw new Unusable('expected a URL with at most the number of a database after the address');
  }
  return new Secret(text);
}

function readText(reference: SecretReference, sources: Sources): Secret {
  return new Secret(sources.readSecret(reference));
}
