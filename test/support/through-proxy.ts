import type { Test } from 'tap';
import { connected, Fleet, type Replica, type ReplicaOptions } from './fleet.ts';
import { startRedis } from './redis-server.ts';
import { TcpProxy } from './tcp-proxy.ts';

/** The deadline of replicas behind a proxy, if none is given. */
export const DEADLINE_MS = 400;

/** Two replicas that reach Redis through a proxy. */
export async function throughProxy(t: Test, options: ReplicaOptions = {}) {
  const server = await startRedis();
  const proxy = await TcpProxy.start(server.url.replace('unix://', ''));
  const fleet = new Fleet({ url: server.url });
  const through = { url: proxy.url, deadlineMs: DEADLINE_MS, ...options };
  const [one, other] = await fleet.joinReady(2, through);
  if (one === undefined || other === undefined) throw new Error('two replicas were asked for');
  t.teardown(async () => {
    await fleet.close();
    await proxy.close();
    await server.stop();
  });
  const reconnect = async (...replicas: Replica[]) => {
    proxy.accept();
    for (const { client } of replicas) await connected(client);
  };
  return { fleet, proxy, one, other, reconnect };
}
