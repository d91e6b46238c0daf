import { once } from 'node:events';
import { within } from '../../quota/redis-client.ts';
import { connect } from '../../quota/redis-connection.ts';
import type { RedisLocation } from '../../quota/redis-location.ts';

/**
 * What Redis evicts when its memory is full: the name of a policy, or nothing if it evicts nothing, its memory has no limit, or it
 * doesn't say. Of a cluster it asks one server. Needs the right to INFO, as the gateway does.
 */
export async function evictionOf(location: RedisLocation, deadlineMs: number): Promise<string | undefined> {
  const redis = connect(location, deadlineMs);
  redis.on('error', () => {}); // The store has told of it already.
  try {
    if (redis.status !== 'ready') await within(deadlineMs, once(redis, 'ready'));
    const info = await redis.info('memory');
    const fieldOf = (name: string) => new RegExp(`^${name}:(\\S+)`, 'm').exec(info)?.[1];
    const policy = fieldOf('maxmemory_policy');
    return policy === 'noeviction' || fieldOf('maxmemory') === '0' ? undefined : policy;
  } catch {
    return undefined;
  } finally {
    redis.disconnect();
  }
}
