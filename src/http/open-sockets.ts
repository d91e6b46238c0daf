import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/** The connections of a server at any time, beginning now; Node's own list has none whose handshake isn't over. */
export function openSockets(server: Server): ReadonlySet<Socket> {
  const sockets = new Set<Socket>();
  // Node gives no way from a connection within TLS to the one that bears it; both have the same peer.
  const shaking = new Map<string, Socket>();
  const peerOf = ({ remoteAddress, remotePort }: Socket) => `${remoteAddress} ${remotePort}`;

  server.on('connection', (socket: Socket) => {
    const peer = peerOf(socket);
    sockets.add(socket);
    shaking.set(peer, socket);
    socket.once('close', () => {
      sockets.delete(socket);
      if (shaking.get(peer) === socket) shaking.delete(peer);
    });
  });
  server.on('secureConnection', (socket: Socket) => {
    const bearer = shaking.get(peerOf(socket));
    if (bearer !== undefined) sockets.delete(bearer);
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  return sockets;
}
