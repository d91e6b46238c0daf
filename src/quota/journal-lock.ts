import { randomBytes } from 'node:crypto';
import { closeSync, constants, linkSync, openSync, readdirSync, rmSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { basename, dirname, join } from 'node:path';

/** That this process and no other writes a journal, for as long as it lives. */
export interface JournalLock {
  /** Higher than that of every process before. */
  readonly generation: number;
  /** To be called once the journal's first line has this generation: removes what dead processes left. */
  claimed(): void;
  release(): void;
}

/** Of the path of a socket, in bytes: `sun_path` has 108, and the last is a zero. */
const LONGEST_ADDRESS = 107;
const MOST_ATTEMPTS = 50;
const IN_USE = 'is in use by another process';

/**
 * Locks a journal, until `release` or the death of this process, however it comes.
 *
 * The lock is a listening unix socket `PATH.lock.N`: the system closes it with its process, so a connection tells whether the
 * process lives, also from another container that shares the folder, where process ids and abstract sockets mean nothing. It
 * gets its name by link(2), so it listens before anybody can find it, and of two that want a name one gets it.
 *
 * A dead process leaves its socket file behind. To remove it and take its name would let two that both found it dead remove
 * each other's new one, so a name is never taken again: the next holder's number is one higher. A name goes away only when
 * the journal itself carries that number or a higher one; whoever linked an old name, having stood still since it looked, then
 * reads in the journal that it is late.
 *
 * Holds on one machine. On a network file system a socket of another machine looks dead, and so does that of another kernel
 * (gVisor, a virtual machine) that shares the folder.
 *
 * @param path absolute, without symbolic links
 * @param readGeneration reads the generation in the journal's first line; 0 if there is no journal
 * @throws Error if another process holds the lock, or may hold it
 */
export async function lockJournal(path: string, readGeneration: () => number): Promise<JournalLock> {
  const folder = new SocketFolder(path);
  try {
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt += 1) {
      const lock = await tryLock(folder, readGeneration);
      if (lock !== undefined) return lock;
    }
    throw new Error(IN_USE);
  } catch (error) {
    folder.close();
    throw error;
  }
}

/** Gives undefined when another process was faster: then all has to be looked at again. */
async function tryLock(folder: SocketFolder, readGeneration: () => number): Promise<JournalLock | undefined> {
  // Read before the names: the socket of whoever wrote this number is then still among them.
  const written = readGeneration();
  const names = folder.list();
  for (const { name } of names) if (await isAlive(folder.address(name))) throw new Error(IN_USE);
  const generation = Math.max(written, ...names.map(({ number }) => number)) + 1;

  const own = `${folder.prefix}${randomBytes(4).toString('hex')}.new`;
  const server = await listen(folder.address(own));
  const gaveWay = () => {
    folder.remove(own);
    server.close();
    return undefined;
  };
  if (!folder.tryLink(own, generation)) return gaveWay();
  folder.remove(own);
  if (readGeneration() >= generation) {
    folder.remove(`${folder.prefix}${generation}`);
    return gaveWay();
  }
  return new SocketLock({ folder, server, generation });
}

class SocketLock implements JournalLock {
  readonly generation: number;
  readonly #folder: SocketFolder;
  readonly #server: Server;
  #isClaimed = false;

  constructor({ folder, server, generation }: { folder: SocketFolder; server: Server; generation: number }) {
    this.#folder = folder;
    this.#server = server;
    this.generation = generation;
  }

  claimed(): void {
    this.#isClaimed = true;
    this.#folder.removeOthers(this.generation);
  }

  release(): void {
    // A name that the journal doesn't carry yet stays, dead: removed, it could be taken by one that is late.
    if (this.#isClaimed) this.#folder.remove(`${this.#folder.prefix}${this.generation}`);
    this.#server.close();
    this.#folder.close();
  }
}

/** The folder of a journal, as far as it holds its sockets. */
class SocketFolder {
  readonly prefix: string;
  readonly #path: string;
  readonly #fd: number;

  constructor(journal: string) {
    this.#path = dirname(journal);
    this.prefix = `${basename(journal)}.lock.`;
    this.#fd = openSync(this.#path, constants.O_RDONLY | constants.O_DIRECTORY);
  }

  /** What to bind or connect to. A long path is abbreviated by way of the open folder. */
  address(name: string): string {
    const candidates = [join(this.#path, name), `/proc/self/fd/${this.#fd}/${name}`];
    const address = candidates.find((candidate) => Buffer.byteLength(candidate) <= LONGEST_ADDRESS);
    if (address === undefined) throw new Error('has too long a name for its lock; name it more shortly');
    return address;
  }

  list(): { readonly name: string; readonly number: number }[] {
    return readdirSync(this.#path)
      .filter((name) => name.startsWith(this.prefix) && /^\d+$/.test(name.slice(this.prefix.length)))
      .map((name) => ({ name, number: Number(name.slice(this.prefix.length)) }));
  }

  /** Gives a socket the name of a generation. False if that name is taken, or the socket was removed as a leftover. */
  tryLink(name: string, generation: number): boolean {
    try {
      linkSync(join(this.#path, name), join(this.#path, `${this.prefix}${generation}`));
      return true;
    } catch (error) {
      if (codeOf(error) === 'EEXIST' || codeOf(error) === 'ENOENT') return false;
      throw error;
    }
  }

  remove(name: string): void {
    rmSync(join(this.#path, name), { force: true });
  }

  /** Removes the names of earlier generations, and sockets that never got one: another starter's then finds itself too late. */
  removeOthers(generation: number): void {
    for (const { name, number } of this.list()) if (number < generation) this.remove(name);
    for (const name of readdirSync(this.#path))
      if (name.startsWith(this.prefix) && name.endsWith('.new')) this.remove(name);
  }

  close(): void {
    closeSync(this.#fd);
  }
}

function listen(address: string): Promise<Server> {
  const server = createServer((socket) => socket.destroy());
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(address, () => resolve(server.unref()));
  });
}

function isAlive(address: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect(address);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', (error) => {
      const code = codeOf(error);
      if (code === 'ECONNREFUSED' || code === 'ENOENT') resolve(false);
      else if (code === 'EAGAIN' || code === 'ECONNRESET') resolve(true);
      else reject(error);
    });
  });
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
