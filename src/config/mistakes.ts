/** Where a value is in the file: keys of mappings and indexes of lists, from the root. */
export type Path = readonly (string | number)[];

/** Something wrong at a path, in words that never quote a secret. */
export interface Fault {
  readonly path: Path;
  /** A key below the path that tells the place but is not shown, because it may be a secret in the wrong place. */
  readonly hiddenKey?: string;
  readonly message: string;
}

/** A fault as the operator sees it. Lines and columns count from 1; the path of the whole file is empty. */
export interface Mistake {
  readonly line: number;
  readonly column: number;
  readonly path: string;
  readonly message: string;
}

/** Thrown for a configuration that can't be used: every mistake at once, in the order of the file. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly file: string;
  readonly mistakes: readonly Mistake[];

  constructor(file: string, mistakes: readonly Mistake[]) {
    const sorted = mistakes.toSorted((a, b) => a.line - b.line || a.column - b.column);
    super(render(file, sorted));
    this.file = file;
    this.mistakes = sorted;
  }
}

/** Thrown by the reader of one value that can't be used; `checkValue` turns it into a fault. */
export class Unusable extends Error {
  override readonly name = 'Unusable';
}

/**
 * Tells what is wrong with one value by reading it. A value that is absent is fine here: it has a mistake already
 * or is optional.
 */
export function checkValue<T>(path: Path, value: T | undefined, read: (value: T) => unknown): Fault[] {
  if (value === undefined) return [];
  try {
    read(value);
    return [];
  } catch (error) {
    if (error instanceof Unusable) return [{ path, message: error.message }];
    throw error;
  }
}

/** Gives the place of a fault: its path, with the key that is not shown. */
export function placeOf({ path, hiddenKey }: Fault): Path {
  return hiddenKey === undefined ? path : [...path, hiddenKey];
}

/** Writes a path as `consumers.purge-bot.accounts[0]`; a key that is not a plain word is quoted. */
export function showPath(path: Path): string {
  return path.map(showSegment).join('').replace(/^\./, '');
}

function showSegment(segment: string | number): string {
  if (typeof segment === 'number') return `[${segment}]`;
  return /^[\w-]+$/.test(segment) ? `.${segment}` : `[${JSON.stringify(segment)}]`;
}

function render(file: string, mistakes: readonly Mistake[]): string {
  const count = mistakes.length === 1 ? '1 mistake' : `${mistakes.length} mistakes`;
  return [`${file} is not usable (${count})`, ...mistakes.map(renderMistake), 'Nothing was started.'].join('\n');
}

function renderMistake({ line, column, path, message }: Mistake): string {
  return ['', `${line}:${column}`, ...(path === '' ? [] : [path]), message].join('  ');
}
