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
