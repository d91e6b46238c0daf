import { inspect } from 'node:util';

const REDACTED = '[redacted]';

/**
 * A secret in memory. However it is printed (string, JSON, inspect, template) it reads `[redacted]`;
 * only `reveal()` gives the text, so that a search for that word finds every place where a secret is used.
 */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
  }

  /** Whether the other holds the same text. To any other comparison all secrets look alike. */
  equals(other: Secret): boolean {
    return this.#value === other.#value;
  }

  toString(): string {
    return REDACTED;
  }

  toJSON(): string {
    return REDACTED;
  }

  [inspect.custom](): string {
    return REDACTED;
  }
}
