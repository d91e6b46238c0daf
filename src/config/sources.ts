import { accessSync, constants, existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { SecretReference } from './account-schema.ts';
import { Unusable } from './mistakes.ts';

/** Reads what the configuration refers to. Each file is read once, so that what was checked is what is used. */
export class Sources {
  readonly #folder: string;
  readonly #env: Readonly<Record<string, string | undefined>>;
  readonly #onRead: (file: string) => void;
  readonly #files = new Map<string, string>();

  /**
   * Relative paths start at `folder`.
   *
   * @param options.onRead told of each file, by its absolute path, just before it is read; also of those that can't be
   */
  constructor(options: {
    folder: string;
    env: Readonly<Record<string, string | undefined>>;
    onRead?: (file: string) => void;
  }) {
    this.#folder = options.folder;
    this.#env = options.env;
    this.#onRead = options.onRead ?? (() => {});
  }

  /** Gives the absolute path of what may or may not be there. */
  locate(path: string): string {
    return resolve(this.#folder, path);
  }

  /**
   * Gives the text behind a reference; of a file, without the line break at its end.
   *
   * @throws Unusable when there is no text. The message names the source and never quotes the text.
   */
  readSecret(reference: SecretReference): string {
    return 'env' in reference ? this.#readVariable(reference.env) : this.#readSecretFile(reference.file);
  }

  /**
   * Gives the whole text of a file.
   *
   * @throws Unusable when it can't be read.
   */
  readFile(path: string): string {
    const absolute = this.locate(path);
    const known = this.#files.get(absolute);
    if (known !== undefined) return known;
    this.#onRead(absolute);
    const text = readText(absolute);
    this.#files.set(absolute, text);
    return text;
  }

  /**
   * Gives the absolute path of a file that the gateway keeps for itself, and begins if it isn't there.
   *
   * @throws Unusable when that can't be: no such folder, or not to be written in.
   */
  placeFile(path: string): string {
    const absolute = this.locate(path);
    checkFolder(dirname(absolute));
    refuseFolder(absolute);
    return absolute;
  }

  /**
   * Checks that lines can be added to a file, or that it can begin. What is there may be in a folder that isn't this user's.
   *
   * @throws Unusable when that can't be
   */
  appendFile(path: string): void {
    const absolute = this.locate(path);
    if (!existsSync(absolute)) return void this.placeFile(path);
    refuseFolder(absolute);
    try {
      accessSync(absolute, constants.W_OK);
    } catch (error) {
      throw new Unusable(`file ${JSON.stringify(absolute)} cannot be written (${codeOf(error)})`);
    }
  }

  #readVariable(name: string): string {
    const text = this.#env[name];
    if (text === undefined) throw new Unusable(`environment variable ${name} is not set`);
    if (text === '') throw new Unusable(`environment variable ${name} is empty`);
    return text;
  }

  #readSecretFile(path: string): string {
    const text = this.readFile(path).replace(/\r?\n$/, '');
    if (text === '') throw new Unusable(`file ${JSON.stringify(this.locate(path))} is empty`);
    return text;
  }
}

function refuseFolder(path: string): void {
  const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory();
  if (isFolder) throw new Unusable(`expected a file, and ${JSON.stringify(path)} is a folder`);
}

function checkFolder(path: string): void {
  try {
    // Behind a file, `/.` is an error whatever that file may be used for.
    accessSync(`${path}/.`, constants.W_OK | constants.X_OK);
  } catch (error) {
    const code = codeOf(error);
    throw new Unusable(
      code === 'ENOENT'
        ? `folder ${JSON.stringify(path)} does not exist`
        : `folder ${JSON.stringify(path)} cannot be written in (${code})`,
    );
  }
}

/**
 * Reads a text file.
 *
 * @throws Unusable with the system's code when that fails.
 */
export function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = codeOf(error);
    throw new Unusable(
      code === 'ENOENT'
        ? `file ${JSON.stringify(path)} does not exist`
        : `file ${JSON.stringify(path)} cannot be read (${code})`,
    );
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason';
}
