import { Secret } from '../catalog/secret.ts';
import type { Config } from './config.ts';

/** What the gateway was built with: the rest can change while it runs. */
const FIXED = ['listen', 'admin', 'store', 'limits', 'log', 'audit'] as const satisfies readonly (keyof Config)[];

/** Names of what two configurations don't have in common. */
interface ChangedNames {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly string[];
}

/** What distinguishes one configuration from the one before, by name and never by value. */
export interface Changes {
  readonly accounts: ChangedNames;
  /** `anonymous` among them. */
  readonly consumers: ChangedNames;
  /** Listeners (`listen[0]`) whose certificates differ. */
  readonly certificates: readonly string[];
  /** Keys of the file that can't change while the gateway runs, and did. */
  readonly fixed: readonly string[];
}

/** Compares two configurations; undefined if they say the same. */
export function changesOf(before: Config, after: Config): Changes | undefined {
  if (areSame(before, after)) return undefined;
  return {
    accounts: changedNames(before.accounts, after.accounts),
    consumers: changedNames(consumersOf(before), consumersOf(after)),
    certificates: after.listen.flatMap((listener, index) =>
      areSame(listener, before.listen[index]) ? [] : [`listen[${index}]`],
    ),
    fixed: FIXED.filter((key) => !areSame(fixedPart(before, key), fixedPart(after, key))),
  };
}

/**
 * Whether two values of a configuration say the same, secrets included (which Node's own comparison takes for alike). What is
 * neither plain data nor a secret is only the same as itself: it may hide what it holds.
 */
export function areSame(one: unknown, other: unknown): boolean {
  if (one instanceof Secret && other instanceof Secret) return one.equals(other);
  const [some, others] = [membersOf(one), membersOf(other)];
  if (some === undefined || others === undefined) return Object.is(one, other);
  return (
    Array.isArray(one) === Array.isArray(other) &&
    one instanceof Map === other instanceof Map &&
    some.size === others.size &&
    [...some].every(([key, value]) => others.has(key) && areSame(value, others.get(key)))
  );
}

/** Gives what is configured now, with the very values from before where they say the same: what is known of those goes on. */
export function keepSame<Value>(
  before: ReadonlyMap<string, Value>,
  after: ReadonlyMap<string, Value>,
): ReadonlyMap<string, Value> {
  return new Map(
    [...after].map(([name, value]) => {
      const known = before.get(name);
      return [name, known !== undefined && areSame(known, value) ? known : value];
    }),
  );
}

function membersOf(value: unknown): ReadonlyMap<unknown, unknown> | undefined {
  if (value instanceof Map) return value;
  if (typeof value !== 'object' || value === null) return undefined;
  const isPlain = Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype;
  return isPlain ? new Map(Object.entries(value)) : undefined;
}

/** Certificates run out, so what a listener's files hold may change; whether it has any may not. */
function fixedPart(config: Config, key: (typeof FIXED)[number]): unknown {
  if (key !== 'listen') return config[key];
  return config.listen.map((listener) =>
    'tls' in listener ? { ...listener, tls: Object.keys(listener.tls ?? {}) } : listener,
  );
}

function consumersOf({ consumers, anonymous }: Config): ReadonlyMap<string, unknown> {
  const named = new Map<string, unknown>(consumers.map((consumer) => [consumer.name, consumer]));
  return anonymous === undefined ? named : named.set('anonymous', anonymous);
}

function changedNames(before: ReadonlyMap<string, unknown>, after: ReadonlyMap<string, unknown>): ChangedNames {
  return {
    added: [...after.keys()].filter((name) => !before.has(name)),
    removed: [...before.keys()].filter((name) => !after.has(name)),
    changed: [...after.keys()].filter((name) => before.has(name) && !areSame(before.get(name), after.get(name))),
  };
}
