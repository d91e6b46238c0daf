import type { Snapshot } from './catalog/snapshot.ts';
import type { Config } from './config/config.ts';
import { createAdmin } from './http/admin.ts';
import { QuotaLook } from './http/quota-look.ts';
import type { Rotation } from './http/rotation.ts';
import type { Telemetry } from './http/telemetry.ts';
import { createGauges } from './http/telemetry-gauges.ts';
import { REPLICA } from './http/to-past-exchange.ts';
import type { Upstreams } from './http/upstreams.ts';
import type { VendorClocks } from './http/vendor-clocks.ts';
import type { Lookup } from './lookup/lookup.ts';
import type { OpenStore } from './open-store.ts';
import type { Clock } from './quota/clock.ts';

/** What a running gateway has to tell its operators. */
interface OperatorsParts extends Pick<OpenStore, 'store' | 'replicas'> {
  readonly config: Config;
  readonly version: string;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly lookup: Lookup;
  readonly rotation: Rotation;
  readonly upstreams: Upstreams;
  readonly vendorClocks: VendorClocks;
  readonly snapshot: () => Snapshot;
  /** Wall ms. */
  readonly configLoadedAt: () => number;
  readonly waiting: () => number;
  /** True from when a stop was asked for. */
  readonly draining: () => boolean;
}

/** Makes the function that makes the operators' port: called once for each address that it listens on. */
export function operatorsPort(parts: OperatorsParts): () => Promise<ReturnType<typeof createAdmin>> {
  const { config, version, clock, telemetry, store, snapshot, draining, waiting } = parts;
  const look = new QuotaLook({ store, snapshot, clock });
  const mode = () => store.mode();
  const readGauges = createGauges(telemetry.registry, {
    ...{ snapshot, look, mode, waiting },
    ...{ rotation: parts.rotation, upstreams: parts.upstreams, inFlight: telemetry.inFlight },
    clockSkew: (account) => parts.vendorClocks.seconds(account),
  });
  const facts = () => ({
    ...{ at: clock.wall(), configLoadedAt: parts.configLoadedAt(), version, node: process.version, replica: REPLICA },
    ...{ draining: draining(), inFlight: telemetry.inFlight(), waiting: waiting(), replicas: parts.replicas() },
    store: { type: config.store.type, mode: mode() },
  });
  return async () =>
    createAdmin({
      ...{ registry: telemetry.registry, readGauges, draining, store, snapshot, look, facts },
      ...{ limits: config.limits, storeType: config.store.type, lookup: parts.lookup },
    });
}
