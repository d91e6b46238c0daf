import { createConnection, createServer, type Server, type Socket } from 'node:net';

/** Stands between clients and Redis, and does to their connections what networks do. */
export class TcpProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #held: (() => void)[] = [];
  #target: string | number;
  #refusing = false;
  #holding = false;
  #delayMs = 0;

  private constructor(target: string | number) {
    this.#target = target;
    this.#server = createServer((client) => this.#join(client));
  }

  /** @param target path of a unix socket, or a port of this machine */
  static async start(target: string | number): Promise<TcpProxy> {
    const proxy = new TcpProxy(target);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get url(): string {
    const address = this.#server.address();
    return `redis://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  }

  /** New connections lead to another server from now on. */
  switchTo(target: string | number): void {
    this.#target = target;
  }

  /** Ends all connections. */
  cut(): void {
    this.#held.length = 0;
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Ends all connections and lets nobody in, until `accept`. */
  refuse(): void {
    this.#refusing = true;
    this.cut();
  }

  accept(): void {
    this.#refusing = false;
  }

  /** Keeps what Redis answers, until `release`. Questions go through. */
  hold(): void {
    this.#holding = true;
  }

  /** Whether there is an answer that it keeps. */
  get holds(): boolean {
    return this.#held.length > 0;
  }

  /** Lets out what it keeps, and goes on keeping what comes after. */
  pass(): void {
    for (const send of this.#held.splice(0)) send();
  }

  release(): void {
    this.#holding = false;
    this.pass();
  }

  /** Questions take so much longer from now on. */
  delay(ms: number): void {
    this.#delayMs = ms;
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #join(client: Socket): void {
    if (this.#refusing) {
      client.destroy();
      return;
    }
    const to = this.#target;
    const redis = createConnection(typeof to === 'string' ? { path: to } : { host: '127.0.0.1', port: to });
    for (const [socket, peer] of [
      [client, redis],
      [redis, client],
    ] as const) {
      this.#sockets.add(socket);
      // As it comes: small packets that are kept back for larger ones would add to every round trip.
      socket.setNoDelay(true);
      socket.on('error', () => {});
      socket.on('close', () => {
        this.#sockets.delete(socket);
        peer.destroy();
      });
    }
    client.on('data', (data) => {
      if (this.#delayMs === 0) redis.write(data);
      else setTimeout(() => redis.write(data), this.#delayMs);
    });
    redis.on('data', (data) => {
      if (this.#holding) this.#held.push(() => client.write(data));
      else client.write(data);
    });
  }
}
