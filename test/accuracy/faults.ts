import { setTimeout as pause } from 'node:timers/promises';
import type { Chance } from './chance.ts';
import type { GatewayProcess } from './fleet.ts';
import type { Saturated } from './saturate.ts';
import type { SharedCluster } from './shared-cluster.ts';
import type { FleetRedis, SharedRedis } from './shared-redis.ts';

/** Something that goes wrong while a fleet is saturated. */
export interface Fault<Redis extends FleetRedis = SharedRedis> {
  readonly name: string;
  /** Needs a server whose clock can be stepped. */
  readonly stepsClock?: true;
  strike(saturated: Saturated<Redis>, chance: Chance): Promise<void>;
}

/** What the account's keys begin with; `cdnetworks-gateway` is the default prefix. */
const KEYS = 'cdnetworks-gateway:{main}*';

/** Every way of losing data, of losing sight of it, and of losing who knew it. */
export const FAULTS: readonly Fault[] = [
  {
    name: 'FLUSHALL',
    async strike({ redis }) {
      await redis.cli('FLUSHALL');
    },
  },
  {
    name: 'Redis killed and started again without its data',
    async strike({ redis }) {
      await redis.crash();
      await redis.restart();
    },
  },
  {
    name: 'failover to a replica that missed the last second',
    strike: ({ redis }) => redis.failOver({ missedMs: 1000 }),
  },
  {
    name: 'SCRIPT FLUSH',
    async strike({ redis }) {
      await redis.cli('SCRIPT', 'FLUSH');
    },
  },
  {
    name: 'a key of the account evicted',
    async strike({ redis }, chance) {
      const key = anyOf((await redis.cli('--raw', 'KEYS', KEYS)).split('\n').sort(), chance);
      await redis.cli('DEL', key);
    },
  },
  { name: "Redis's clock 100 s ahead", stepsClock: true, strike: async ({ redis }) => redis.stepClock(100) },
  // More than the ten minutes that keys outlive what they say.
  { name: "Redis's clock 50 min ahead", stepsClock: true, strike: async ({ redis }) => redis.stepClock(3000) },
  { name: "Redis's clock 100 s back", stepsClock: true, strike: async ({ redis }) => redis.stepClock(-100) },
  {
    name: 'a gateway killed in the moment of a FLUSHALL',
    async strike({ redis, gateways }, chance) {
      const gateway = anyOf(gateways, chance);
      await Promise.all([gateway.kill(), redis.cli('FLUSHALL')]);
      await gateway.start();
    },
  },
  {
    name: 'a gateway stopped and started again',
    strike: ({ gateways }, chance) => stopAndStart(anyOf(gateways, chance)),
  },
  {
    name: 'a FLUSHALL while a killed gateway starts again',
    async strike({ redis, gateways }, chance) {
      const gateway = anyOf(gateways, chance);
      await gateway.kill();
      const started = gateway.start();
      await pause(chance() * 2000);
      await redis.cli('FLUSHALL');
      await started;
    },
  },
];

/** The same for what only a cluster does. */
export const CLUSTER_FAULTS: readonly Fault<SharedCluster>[] = [
  { name: "the account's slot moved to another master", strike: ({ redis }) => redis.moveAccount() },
];

export function faultNamed(name: string): Fault {
  const fault = FAULTS.find((known) => known.name === name);
  if (fault === undefined) throw new Error(`there is no fault "${name}"`);
  return fault;
}

async function stopAndStart(gateway: GatewayProcess): Promise<void> {
  await gateway.stop();
  await gateway.start();
}

function anyOf<Value>(values: readonly Value[], chance: Chance): Value {
  const value = values[Math.floor(chance() * values.length)];
  if (value === undefined) throw new Error('there is none');
  return value;
}
