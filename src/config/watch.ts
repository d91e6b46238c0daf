import { type BigIntStats, statSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Config } from './config.ts';
import { loadConfig } from './load.ts';
import { ConfigError } from './mistakes.ts';

/** Times that a load begins anew because a file changed under it: once for the swap of a folder, and once to spare. */
const ATTEMPTS = 3;

/** What files look like from outside, by their paths. */
type Looks = ReadonlyMap<string, string>;

/**
 * A configuration file and everything that it refers to, as they change on disk.
 *
 * They are looked at again and again rather than watched by the system (`fs.watch`): that tells nothing of network file systems,
 * loses a file that another is renamed over, and sees neither through the symbolic link that Kubernetes swaps nor into a mount of
 * a single file. What a file looks like from outside tells of all of these alike.
 */
export class WatchedConfig {
  readonly #options: { file: string; env: Readonly<Record<string, string | undefined>> };
  /** Of the files that the latest load read, just before it did. */
  #loaded: Looks = new Map();
  #seen: Looks = new Map();

  constructor(options: { file: string; env: Readonly<Record<string, string | undefined>> }) {
    this.#options = options;
  }

  /**
   * Loads the configuration of one instant: if a file changes while others are read, all of them are read again.
   *
   * @throws ConfigError with all mistakes, or because the files changed again and again
   */
  load(): Config {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      const looks = new Map<string, string>();
      this.#loaded = looks;
      const result = this.#attempt((file) => looks.set(file, lookNow(file)));
      // Also mistakes count only if they were made of files that belong together.
      if ([...looks].some(([file, look]) => lookNow(file) !== look)) continue;
      if (result instanceof ConfigError) throw result;
      return result;
    }
    const message = 'the files changed while they were read';
    throw new ConfigError(this.#options.file, [{ line: 1, column: 1, path: '', message }]);
  }

  /**
   * Looks at the files that the latest load read. To be called about once a second, not before the last time has an answer: a change counts only once they look the same twice
   * in a row, because a file that is still being written is half of one.
   *
   * @returns whether to load again
   */
  async look(): Promise<boolean> {
    const loaded = this.#loaded;
    const looks = new Map<string, string>();
    for (const file of loaded.keys()) looks.set(file, await lookLater(file));
    const settled = areSame(looks, this.#seen);
    this.#seen = looks;
    return settled && loaded === this.#loaded && !areSame(looks, loaded);
  }

  #attempt(onRead: (file: string) => void): Config | ConfigError {
    try {
      return loadConfig({ ...this.#options, onRead });
    } catch (error) {
      if (error instanceof ConfigError) return error;
      throw error;
    }
  }
}

function areSame(some: Looks, others: Looks): boolean {
  return some.size === others.size && [...some].every(([file, look]) => others.get(file) === look);
}

function lookNow(file: string): string {
  try {
    return toLook(statSync(file, { bigint: true }));
  } catch (error) {
    return String(error);
  }
}

/** In the background, because a network file system may take its time. */
async function lookLater(file: string): Promise<string> {
  try {
    return toLook(await stat(file, { bigint: true }));
  } catch (error) {
    return String(error);
  }
}

/** The time of the last change of the inode tells of new permissions, and of contents whose own time was set back (`cp -p`). */
function toLook({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return [dev, ino, size, mtimeNs, ctimeNs].join(' ');
}
