import { closeSync, constants, fstatSync, openSync, readSync, writeSync } from 'node:fs';

/**
 * A file that whole lines are added to. Nothing in it is ever changed, so it may be one that can only be appended to (`chattr +a`).
 * A line is in the file once `append` returns: it survives this process, though not the last seconds before a loss of power.
 */
export class LineFile {
  readonly #path: string;
  #fd: number;
  #isTorn: boolean;

  /** @throws the system's error */
  constructor(path: string) {
    this.#path = path;
    this.#fd = open(path);
    this.#isTorn = endsTorn(path);
  }

  /** @param text one line, with its end @throws the system's error, as of a full disk; the line may then be there in part */
  append(text: string): void {
    // Somebody has removed it, and what is written there is lost.
    if (fstatSync(this.#fd).nlink === 0) this.reopen();
    // What was left of a line becomes one of its own; else the next would be joined to it, and neither could be read.
    const bytes = Buffer.from(this.#isTorn ? `\n${text}` : text);
    for (let written = 0; written < bytes.length; ) {
      written += writeSync(this.#fd, bytes, written);
      this.#isTorn = written < bytes.length;
    }
  }

  /** Goes on in the file that has the name now. @throws the system's error; then it goes on where it was */
  reopen(): void {
    const fd = open(this.#path);
    closeSync(this.#fd);
    this.#fd = fd;
    this.#isTorn = endsTorn(this.#path);
  }

  close(): void {
    closeSync(this.#fd);
  }
}

/** Without O_NONBLOCK, a pipe that nobody reads would stop the whole process. */
function open(path: string): number {
  const { O_WRONLY, O_APPEND, O_CREAT, O_NONBLOCK } = constants;
  return openSync(path, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK, 0o600);
}

/** Whether a process before this one left a part of a line. What can't be read is taken for whole. */
function endsTorn(path: string): boolean {
  let fd: number | undefined;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const { size } = fstatSync(fd);
    const last = Buffer.alloc(1);
    return size > 0 && readSync(fd, last, 0, 1, size - 1) === 1 && last.toString() !== '\n';
  } catch {
    return false;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}
