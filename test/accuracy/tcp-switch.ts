import { connect, createServer, type Socket } from 'node:net';

/** A TCP address that leads to a server on this machine, and can be made to lead to another or to none. */
export interface TcpSwitch {
  readonly port: number;
  /** Breaks every connection. New ones lead to this port, or are closed at once. */
  leadTo(port: number | undefined): void;
  close(): Promise<void>;
}

/** Opens a switch that leads nowhere yet. */
export async function openTcpSwitch(): Promise<TcpSwitch> {
  let target: number | undefined;
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    if (target === undefined) {
      near.destroy();
      return;
    }
    const far = connect(target, '127.0.0.1');
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one);
      one.setNoDelay(true);
      one.on('error', () => {});
      one.on('close', () => {
        sockets.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  });
  const breakAll = () => {
    for (const socket of sockets) socket.destroy();
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    leadTo(port) {
      target = port;
      breakAll();
    },
    async close() {
      breakAll();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
