import type { AccountKeys } from './account-keys.ts';
import type { RedisClient } from './redis-client.ts';
import type { PartitionUsage } from './store.ts';

/** What is charged to each partition of an account, of all replicas. One call for the list, and one for each partition. */
export async function usageOf(
  client: Pick<RedisClient, 'call'>,
  keys: AccountKeys,
): Promise<readonly PartitionUsage[]> {
  const prefix = keys.log('').slice(keys.state.length);
  const logs = await client.call('usage', [keys.state], []);
  const partitions = await Promise.all(
    logs.map(async (field) => {
      const [blockedForMs, ...units] = await client.call('usage', [keys.state, `${keys.state}${field}`], []);
      return {
        partition: String(field).slice(prefix.length),
        blockedForMs: Number(blockedForMs),
        units: units.flatMap((id, index) =>
          index % 2 === 0 ? [{ tag: String(id).split('.')[1] ?? '', ageMs: Number(units[index + 1]) }] : [],
        ),
      };
    }),
  );
  return partitions.filter(({ units, blockedForMs }) => units.length > 0 || blockedForMs > 0);
}
