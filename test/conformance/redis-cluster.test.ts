import { Cluster } from 'ioredis';
import t from 'tap';
import { startCluster } from '../support/redis-cluster.ts';
import { quotaStoreConformance } from './quota-store.ts';
import { storesOn } from './turned-redis.ts';

const cluster = await startCluster();
const redis = new Cluster([...cluster.nodes]);
t.teardown(async () => {
  redis.disconnect();
  await cluster.stop();
});

quotaStoreConformance(t, storesOn(t, { server: { kind: 'cluster', nodes: cluster.nodes } }, redis));
