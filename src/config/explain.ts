import type { ErrorObject } from 'ajv';
import type { Fault, Path } from './mistakes.ts';
import { nearest, suggest } from './nearest.ts';

/** What this file reads of a schema. */
interface Rule {
  readonly type?: string;
  readonly title?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly oneOf?: readonly Rule[];
  readonly properties?: Readonly<Record<string, Rule>>;
  readonly writeOnly?: boolean;
}

/**
 * Puts an error of Ajv (made with `verbose`) into the words of the schema: what was expected and, unless a secret may
 * stand there, what was found. Gives undefined for an error that only repeats others.
 */
export function explain(error: ErrorObject, root: unknown): Fault | undefined {
  const rule = (error.parentSchema ?? {}) as Rule;
  const path = toPath(error.instancePath, root);
  if (error.propertyName !== undefined) {
    return { path: [...path, error.propertyName], message: `expected ${expectation(rule)}` };
  }
  switch (error.keyword) {
    case 'if': // The branch says what is wrong.
    case 'propertyNames': // So does the rule for the name.
      return undefined;
    case 'required':
      return missing(path, error.params['missingProperty'], { rule, data: error.data });
    case 'additionalProperties':
      return unknownKey(path, error.params['additionalProperty'], rule);
    case 'discriminator':
      return wrongTag(path, { tag: error.params['tag'], found: error.params['tagValue'] }, rule);
    default:
      return { path, message: wrongValue(error, rule) };
  }
}

function missing(path: Path, key: string, { rule, data }: { rule: Rule; data: unknown }): Fault | undefined {
  const { properties = {} } = rule;
  const known = Object.keys(properties);
  const unknown = Object.keys(isContainer(data) ? data : {}).filter((present) => !known.includes(present));
  // A slip of the pen in a key is one mistake, told where the unknown key is.
  if (unknown.some((present) => nearest(present, known) === key)) return undefined;
  return { path: [...path, key], message: `missing; expected ${expectation(properties[key] ?? {})}` };
}

function unknownKey(path: Path, key: string, { properties = {}, writeOnly = false }: Rule): Fault {
  const known = Object.keys(properties);
  const message = `unknown key; ${suggest(key, known)}`;
  // `{ apiKey:abc }` has the key apiKey:abc, and `{ abc }` the key abc: only a word is shown, and next to secrets only a
  // slip of the pen.
  const shown = /^[\w.-]+$/.test(key) && (!writeOnly || nearest(key, known) !== undefined);
  return shown ? { path: [...path, key], message } : { path, hiddenKey: key, message };
}

function wrongTag(path: Path, { tag, found }: { tag: string; found: unknown }, { oneOf = [] }: Rule): Fault {
  const known = expectation({ enum: oneOf.map(({ properties }) => properties?.[tag]?.const) });
  return { path: [...path, tag], message: found === undefined ? `missing; expected ${known}` : `expected ${known}` };
}

// These say that a list or mapping of the right kind has the wrong members.
const MEMBER_KEYWORDS = ['minItems', 'uniqueItems', 'minProperties', 'maxProperties'];

function wrongValue({ keyword, data }: ErrorObject, rule: Rule): string {
  const container = rule.type === 'object' || rule.type === 'array';
  if (rule.writeOnly && container && isScalar(data)) return `a literal secret; use ${expectation(rule)}`;
  if (rule.writeOnly || MEMBER_KEYWORDS.includes(keyword)) return `expected ${expectation(rule)}`;
  return `expected ${expectation(rule)}, got ${container ? kindOf(data) : show(data)}`;
}

function expectation(rule: Rule): string {
  if (rule.enum) return alternatives(rule.enum);
  if (rule.const !== undefined) return alternatives([rule.const]);
  return rule.title ?? (rule.type === 'array' ? 'a list' : 'a mapping');
}

function alternatives(values: readonly unknown[]): string {
  const [last, ...others] = values.map((value) => JSON.stringify(value)).toReversed();
  return others.length === 0 ? `${last}` : `${others.toReversed().join(', ')} or ${last}`;
}

function show(data: unknown): string {
  return isScalar(data) ? JSON.stringify(data) : kindOf(data);
}

/** Names what stands where a list or a mapping should, without its text: it may be a credential on one line. */
function kindOf(data: unknown): string {
  if (data === null) return 'nothing';
  if (Array.isArray(data)) return 'a list';
  return typeof data === 'object' ? 'a mapping' : `a ${typeof data}`;
}

function isScalar(data: unknown): data is string | number | boolean {
  return data !== null && typeof data !== 'object';
}

/** Reads a JSON pointer; only the data tells the index of a list from a key made of digits. */
function toPath(pointer: string, root: unknown): Path {
  const path: (string | number)[] = [];
  let parent = root;
  for (const token of pointer.split('/').slice(1)) {
    const key = token.replaceAll('~1', '/').replaceAll('~0', '~');
    path.push(Array.isArray(parent) ? Number(key) : key);
    parent = isContainer(parent) ? parent[key] : undefined;
  }
  return path;
}

function isContainer(data: unknown): data is Record<string, unknown> {
  return typeof data === 'object' && data !== null;
}
