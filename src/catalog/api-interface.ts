import { readFileSync } from 'node:fs';
import createRouter from 'find-my-way';
import type { Limit } from '../quota/policy.ts';
import { soundsReadOnly } from './sounds-read-only.ts';

/** One call of the vendor's API and its unit of quota. */
export interface ApiInterface {
  /** `GET /api/domain/*`: method and path with `*` for one segment. Names the interface in quotas and logs. */
  readonly id: string;
  /** The id, or `other` for a path that isn't in the catalogue: the number of metric labels stays bounded. */
  readonly label: string;
  /** The vendor's own name for it; absent when it isn't in the catalogue. */
  readonly name?: string;
  /**
   * Looks things up, changes nothing and hands out no key. A guess by name, made with the catalogue and in doubt `false`: a wrong
   * `true` would let a caller change what it may only look at, and keep the change out of the audit log.
   */
  readonly readOnly: boolean;
  /** What the vendor's pages and SDKs say of this interface beside the general limits. */
  readonly documentedLimits: readonly Limit[];
}

/** What we know of the vendor's API before any request arrives. */
export interface Catalogue {
  readonly interfaces: readonly ApiInterface[];
  readonly byId: ReadonlyMap<string, ApiInterface>;
  /**
   * The interface that a call belongs to. Literal segments beat `*`. A call that isn't in the catalogue is an interface of its
   * own, with ids folded into `*`, so that quotas hold there too.
   *
   * @param matchPath decoded, as `Target.matchPath`
   */
  find(method: string, matchPath: string): ApiInterface;
}

/** One row of `config/interfaces.json`. */
interface CatalogueEntry {
  readonly name: string;
  readonly method: string;
  readonly uri: string;
  /** By default, what a GET is and nothing else. */
  readonly looksReadOnly?: boolean;
  readonly documentedLimits?: readonly { readonly count: number; readonly windowSeconds: number }[];
}

/**
 * Reads the catalogue that comes with the gateway: the vendor's interfaces, from its SDKs.
 *
 * @param configured ids (`METHOD /path`) that the configuration names beside it; these become interfaces of their own
 */
export function loadCatalogue(configured: Iterable<string> = []): Catalogue {
  const file = new URL('../../config/interfaces.json', import.meta.url);
  const known = (JSON.parse(readFileSync(file, 'utf8')) as CatalogueEntry[]).map(fromEntry);
  const byId = new Map(known.map((apiInterface) => [apiInterface.id, apiInterface]));
  const routes = createRoutes(known);
  const alike = createRoutes(plainly(known)).find;
  const added = [...configured].filter((id) => !byId.has(id)).map((id) => fromId(id, guessReadOnly(id, alike)));
  routes.add(added);
  for (const apiInterface of added) byId.set(apiInterface.id, apiInterface);
  return {
    interfaces: [...byId.values()],
    byId,
    find(method, matchPath) {
      // A server answers HEAD with what it does for GET, so it is the same interface and spends the same quota.
      const counted = method === 'HEAD' ? 'GET' : method;
      const id = `${counted} ${matchPath}`;
      return routes.find(id) ?? { ...fromId(fold(id), guessReadOnly(id, alike)), label: 'other' };
    },
  };
}

/** Finds an interface by method and path, `GET /api/domain/www.example.com`. */
type Find = (call: string) => ApiInterface | undefined;

function createRoutes(interfaces: readonly ApiInterface[]): {
  find: Find;
  add: (more: readonly ApiInterface[]) => void;
} {
  // The method is the first segment of the route: the router's own methods are Node's, and the vendor has ENABLE and DISABLE.
  // A router that gives up on long segments (its default is 100) would let a long id out of its interface.
  const router = createRouter({ maxParamLength: 65_536 });
  const add = (more: readonly ApiInterface[]) => {
    for (const apiInterface of more) router.on('GET', routeOf(apiInterface.id), () => {}, apiInterface);
  };
  add(interfaces);
  const find: Find = (call) => {
    const { method, path } = partsOf(call);
    return router.find('GET', `/${method}${path.replace(/[%?#;]/g, encodeURIComponent)}`)?.store;
  };
  return { find, add };
}

/** `GET /api/domain/*` → `/GET/api/domain/:s3`; a template's trailing slash is dropped, as in `Target.matchPath`. */
function routeOf(id: string): string {
  const { method, path } = partsOf(id);
  const segments = `/${method}${path}`.replace(/\/$/, '').split('/');
  return segments.map((segment, index) => (segment === '*' ? `:s${index}` : segment)).join('/');
}

function partsOf(id: string): { method: string; path: string } {
  const space = id.indexOf(' ');
  return { method: id.slice(0, space), path: id.slice(space + 1) };
}

function fromEntry(entry: CatalogueEntry): ApiInterface {
  const id = `${entry.method} ${entry.uri}`;
  return Object.freeze({
    id,
    label: id,
    name: entry.name,
    readOnly: entry.looksReadOnly ?? entry.method === 'GET',
    documentedLimits: (entry.documentedLimits ?? []).map(({ count, windowSeconds }) => ({
      quota: count,
      windowMs: windowSeconds * 1000,
    })),
  });
}

function fromId(id: string, readOnly: boolean): ApiInterface {
  return Object.freeze({ id, label: id, readOnly, documentedLimits: [] });
}

const CHANGING = ['POST', 'PUT', 'PATCH', 'DELETE'];

/**
 * Whether a call that the vendor's catalogue doesn't have is a look-up: a GET that sounds like one, and that no server, however
 * lenient about methods, case, blanks, endings and what follows, could take for one that the catalogue has as no look-up.
 *
 * @param alike finds what is no look-up, by paths as `plainOf` writes them
 */
function guessReadOnly(id: string, alike: Find): boolean {
  const { method, path } = partsOf(id);
  if ((method !== 'GET' && method !== 'HEAD') || !soundsReadOnly(path)) return false;
  const plain = plainOf(path);
  const segments = plain.split('/');
  return (
    CHANGING.every((other) => alike(`${other} ${plain}`) === undefined) &&
    segments.every((_, last) => alike(`GET ${segments.slice(0, last + 1).join('/')}`) === undefined)
  );
}

function plainOf(path: string): string {
  const segments = path.normalize('NFKC').toLowerCase().split('/');
  return segments.map((segment) => segment.trim().replace(/\.[a-z]+$/, '')).join('/');
}

/** Those that are no look-ups, by their plain paths, each path once. */
function plainly(interfaces: readonly ApiInterface[]): readonly ApiInterface[] {
  const kept = interfaces.filter(({ readOnly }) => !readOnly);
  const plain = kept.map((apiInterface) => {
    const { method, path } = partsOf(apiInterface.id);
    return { ...apiInterface, id: `${method} ${plainOf(path).replace(/\/$/, '')}` };
  });
  return [...new Map(plain.map((apiInterface) => [routeOf(apiInterface.id), apiInterface])).values()];
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Numbers, UUIDs, hex ids and hostnames name a thing, not an interface. */
function isId(segment: string): boolean {
  return /^\d+$/.test(segment) || UUID.test(segment) || /^[0-9a-f]{8,}$/i.test(segment) || segment.includes('.');
}

function fold(id: string): string {
  const segments = id.split('/');
  return segments.map((segment) => (isId(segment) ? '*' : segment)).join('/');
}
