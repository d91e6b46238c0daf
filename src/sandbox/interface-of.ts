import { readFileSync } from 'node:fs';

/**
 * Names the interface that a request belongs to, by the vendor's catalogue: literal segments beat `*`, from the left, and `*` is
 * exactly one segment. Escapes, repeated slashes and a final slash make no difference, and HEAD is counted as GET: the sandbox
 * judges quotas, so it takes for one interface whatever a server might.
 *
 * @returns `METHOD /uri`; for a path outside the catalogue with its ids as `*`, so that it too has one count
 */
export function interfaceOf({ method, path }: { method: string; path: string }, catalogue: InterfaceCatalogue): string {
  const counted = method === 'HEAD' ? 'GET' : method;
  const segments = segmentsOf(decode(path));
  return (
    find(catalogue.get(counted), segments) ?? `${counted} /${segments.map((s) => (ID.test(s) ? '*' : s)).join('/')}`
  );
}

/** The known interfaces as one tree of path segments per method. */
export type InterfaceCatalogue = ReadonlyMap<string, Branch>;

/** Reads `config/interfaces.json`, which the sandbox shares with the gateway as data, not as code. */
export function readInterfaceCatalogue(): InterfaceCatalogue {
  const file = new URL('../../config/interfaces.json', import.meta.url);
  return toInterfaceCatalogue(JSON.parse(readFileSync(file, 'utf8')) as readonly { method: string; uri: string }[]);
}

/** Builds a catalogue from methods and URI templates. */
export function toInterfaceCatalogue(rows: readonly { method: string; uri: string }[]): InterfaceCatalogue {
  const catalogue = new Map<string, Branch>();
  for (const { method, uri } of rows) {
    const end = segmentsOf(uri).reduce((branch, segment) => grow(branch.next, segment), grow(catalogue, method));
    end.id = `${method} ${uri}`;
  }
  return catalogue;
}

interface Branch {
  readonly next: Map<string, Branch>;
  /** Set where an interface ends. */
  id?: string;
}

/** A number, a UUID, a hex id of 8 digits or more, or a name with a dot (domains, addresses, files). */
const ID = /^(?:\d+|[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|[0-9a-f]{8,}|.*\..*)$/is;

function find(branch: Branch | undefined, segments: readonly string[]): string | undefined {
  const [segment, ...rest] = segments;
  if (branch === undefined || segment === undefined) return branch?.id;
  return find(branch.next.get(segment), rest) ?? find(branch.next.get('*'), rest);
}

function grow(branches: Map<string, Branch>, segment: string): Branch {
  const known = branches.get(segment);
  if (known) return known;
  const grown: Branch = { next: new Map() };
  branches.set(segment, grown);
  return grown;
}

function segmentsOf(path: string): string[] {
  return path.split('/').filter((segment) => segment !== '');
}

function decode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
