import { startCluster } from '../support/redis-cluster.ts';
import type { FleetRedis } from './shared-redis.ts';

/** A cluster of three masters that a fleet shares. */
export interface SharedCluster extends FleetRedis {
  /** Moves the account's slot, with all that is in it, to another master. */
  moveAccount(): Promise<void>;
}

/** Starts a cluster. */
export async function startSharedCluster(): Promise<SharedCluster> {
  const cluster = await startCluster();
  return {
    place: { cluster: cluster.nodes.map(({ host, port }) => `${host}:${port}`) },
    moveAccount: () => cluster.moveSlotOf('{main}'),
    close: () => cluster.stop(),
  };
}
