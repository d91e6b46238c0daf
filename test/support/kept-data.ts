import type { Redis } from 'ioredis';

/** What a server had at some instant: what a dump or a replica that hears no more has kept of it. */
export interface KeptData {
  /** Loses what the server has, and gives it this in place of it. */
  restore(): Promise<void>;
}

/** Keeps all keys as they are now, with the time that they have left. */
export async function keepData(redis: Redis): Promise<KeptData> {
  const kept: { key: string; ttl: number; dump: Buffer }[] = [];
  for (const key of await redis.keys('*')) {
    const dump = await redis.dumpBuffer(key);
    if (dump !== null) kept.push({ key, ttl: await redis.pttl(key), dump });
  }
  return {
    async restore() {
      await redis.flushdb();
      for (const { key, ttl, dump } of kept) await redis.restore(key, Math.max(0, ttl), dump);
    },
  };
}
