/** Freezes a value and all it holds, maps included (which `Object.freeze` leaves open), and gives it back. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  if (value instanceof Map) {
    for (const member of value.values()) deepFreeze(member);
    for (const verb of ['set', 'delete', 'clear']) Object.defineProperty(value, verb, { value: refuse });
  }
  for (const member of Object.values(value)) deepFreeze(member);
  return Object.freeze(value);
}

function refuse(): never {
  throw new TypeError('the configuration is read-only');
}
