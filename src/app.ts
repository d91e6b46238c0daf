import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { type DestinationStream, pino } from 'pino';
import { loadCatalogue } from './catalog/api-interface.ts';
import type { Config, Listener } from './config/config.ts';
import { createAdmin } from './http/admin.ts';
import { outcomeOf } from './http/forward.ts';
import { createServer } from './http/server.ts';
import { createTelemetry } from './http/telemetry.ts';
import { Upstreams } from './http/upstreams.ts';
import type { Clock } from './quota/clock.ts';
import { createGate } from './quota/gate.ts';
import { createMemoryStore } from './quota/memory-store.ts';

/** A gateway that listens. */
export interface Gateway {
  /** `http://127.0.0.1:8080`, one per configured listener. */
  readonly listeners: readonly string[];
  readonly admin: string;
  /**
   * Stops taking requests (`/readyz` turns 503 first), lets those under way finish for at most `limits.drain`, and closes
   * everything. Resolves to whether all of them could finish.
   */
  drain(): Promise<boolean>;
}

/** The real clocks. Nothing else in the gateway asks the machine for the time. */
export const systemClock: Clock = { wall: () => Date.now(), monotonic: () => performance.now() };

/** After the upstream timeout the vendor may still read a request out of its buffers; that long its units stay spent. */
const GRACE_MS = 30_000;
/** Beside connecting, the time a request may need from admission to its first byte; more means that the process stood still. */
const SEND_SLACK_MS = 5000;
/** The time in which requests whose upstream calls were broken off are answered and logged. */
const BREAK_OFF_MS = 1000;

/**
 * Builds the parts of a gateway, in the order in which they lean on each other, and starts listening.
 *
 * @param options.version for `build_info`
 * @param options.destination where log lines go; standard output if not given
 */
export async function startGateway(
  config: Config,
  options: { version: string; clock?: Clock; destination?: DestinationStream },
): Promise<Gateway> {
  const { version, clock = systemClock, destination = pino.destination({ sync: false }) } = options;
  const { limits, accounts, consumers, anonymous } = config;
  const now = clock.monotonic;
  const log = pino({ level: config.log.level }, destination);
  const telemetry = createTelemetry({ log, version, now });

  const sendBudgetMs = limits.connectTimeoutMs + SEND_SLACK_MS;
  const store = createMemoryStore(clock);
  const gate = createGate(store, {
    leaseMs: sendBudgetMs + limits.upstreamTimeoutMs + GRACE_MS,
    onStoreError: telemetry.storeFailed,
  });
  const upstreams = new Upstreams(accounts.values(), {
    timeouts: { ...limits, sendBudgetMs },
    now,
    onEnd(call, end) {
      const outcome = outcomeOf(call, end);
      void gate.settle(call.permit, outcome);
      telemetry.called(call, end, outcome);
    },
  });

  let draining = false;
  const named = [...accounts.values()].flatMap((account) => [...account.quotas.interfaces.keys()]);
  const parts = {
    accounts,
    consumers: consumers.map((consumer) => ({ ...consumer })),
    ...(anonymous === undefined
      ? {}
      : { anonymous: { name: 'anonymous', accounts: [anonymous.account], allow: anonymous.allow } }),
    catalogue: loadCatalogue(named),
    gate,
    upstreams,
    limits,
    draining: () => draining,
    inFlight: telemetry.inFlight,
  };

  const servers = await Promise.all(config.listen.map(() => createServer({ parts, telemetry, now })));
  const admin = createAdmin({ registry: telemetry.registry, draining: () => draining, store: config.store.type });
  const adminAddress = await listen(admin, config.admin);
  const addresses = await Promise.all(
    config.listen.map((listener, index) => listen(servers[index] ?? admin, listener)),
  );
  log.info({ listen: addresses, admin: adminAddress, accounts: [...accounts.keys()] }, 'gateway started');

  async function idleWithin(ms: number): Promise<boolean> {
    const deadline = now() + ms;
    while (telemetry.inFlight() > 0 && now() < deadline) await new Promise((resolve) => setTimeout(resolve, 20));
    return telemetry.inFlight() === 0;
  }

  async function drain(): Promise<boolean> {
    draining = true;
    const finished = await idleWithin(limits.drainMs);
    if (!finished) {
      // While their connections stand, so that callers learn that their call may have been carried out.
      await upstreams.destroy();
      await idleWithin(BREAK_OFF_MS);
    }
    for (const server of servers) server.server.closeAllConnections();
    await Promise.all([...servers, admin].map((server) => server.close()));
    if (finished) await upstreams.close();
    await store.close();
    log.info({ finished }, 'gateway stopped');
    return finished;
  }

  let drained: Promise<boolean> | undefined;
  return {
    listeners: addresses,
    admin: adminAddress,
    drain() {
      drained ??= drain();
      return drained;
    },
  };
}

async function listen(server: FastifyInstance, { host, port }: Listener): Promise<string> {
  await server.listen({ host, port });
  const { address, family, port: bound } = server.server.address() as AddressInfo;
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${bound}`;
}
