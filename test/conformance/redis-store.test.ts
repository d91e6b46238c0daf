import t from 'tap';
import { quotaStoreConformance } from './quota-store.ts';
import { redisStores } from './turned-redis.ts';

quotaStoreConformance(t, await redisStores(t));
