import type { SharedRedis } from './shared-redis.ts';

/** A way for Redis to be away from all gateways at once, and to come back. */
export interface Outage {
  readonly name: string;
  begin(redis: SharedRedis): Promise<void>;
  end(redis: SharedRedis): Promise<void>;
}

export const OUTAGES: readonly Outage[] = [
  {
    name: 'stopped, and started again without its data',
    begin: (redis) => redis.crash(),
    end: (redis) => redis.restart(),
  },
  {
    name: 'cut off, and back with all that it knew',
    begin: async (redis) => redis.cut(),
    end: async (redis) => redis.mend(),
  },
  {
    name: 'standing still with its connections open',
    begin: async (redis) => redis.standStill(),
    end: async (redis) => redis.goOn(),
  },
];

export function outageNamed(name: string): Outage {
  const outage = OUTAGES.find((known) => known.name === name);
  if (outage === undefined) throw new Error(`there is no outage "${name}"`);
  return outage;
}
