import type { Membership } from './membership.ts';
import type { RedisClient } from './redis-client.ts';

/**
 * Tells Redis what became of a permit, or of a block: one round trip.
 *
 * @throws StoreUnreachable; a refund is then given again when Redis is back
 */
export async function tellRedis(
  client: Pick<RedisClient, 'call'>,
  member: Membership,
  told: {
    readonly verb: 'settle' | 'refund' | 'block';
    readonly partitions: readonly string[];
    /** A permit's name; for a block how long it lasts, in ms. */
    readonly what: string | number;
  },
): Promise<void> {
  const { keys } = member;
  const { verb, partitions, what } = told;
  try {
    await client.call(verb, [keys.state, ...partitions.map((partition) => keys.log(partition))], [what]);
  } catch (error) {
    if (verb === 'refund') member.refundLater(String(what), partitions);
    member.lose();
    throw error;
  }
}
