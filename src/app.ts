import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { type DestinationStream, pino } from 'pino';
import { AuditLog } from './audit/audit-log.ts';
import type { Config, Listener } from './config/config.ts';
import { shuttingDown } from './errors.ts';
import { createAdmin } from './http/admin.ts';
import { auditEntryOf } from './http/audit-entry.ts';
import { Connections } from './http/connections.ts';
import { outcomeOf } from './http/forward.ts';
import { Rotation } from './http/rotation.ts';
import { createServer } from './http/server.ts';
import { createTelemetry } from './http/telemetry.ts';
import { createChangeTelemetry } from './http/telemetry-changes.ts';
import { Upstreams } from './http/upstreams.ts';
import { openStore } from './open-store.ts';
import type { Clock } from './quota/clock.ts';
import { createGate } from './quota/gate.ts';
import { WaitingRoom } from './quota/waiting-room.ts';
import { createReload, type Reload } from './reload.ts';
import { toSnapshot } from './to-snapshot.ts';

/** A gateway that listens. */
export interface Gateway {
  /** `http://127.0.0.1:8080`, one per configured listener. */
  readonly listeners: readonly string[];
  readonly admin: string;
  /**
   * Stops taking requests (`/readyz` turns 503 first), lets those under way finish for at most `limits.drain`, sends
   * away those that wait, and closes everything. Resolves to whether all of them could finish.
   */
  drain(): Promise<boolean>;
  /**
   * Puts another configuration in the place of the one before, or, if it has a mistake or needs a restart, leaves that. Requests
   * that have begun end with the configuration that they began with. Also goes on in the file that bears the audit log's name now.
   */
  readonly reload: Reload;
}

/**
 * The real clocks. Nothing else in the gateway asks the machine for the time. CLOCK_MONOTONIC rather than `performance.now`, which
 * begins anew with each process: a journal goes on from one to the next. In whole 1/1024 ms, because numbers add and subtract
 * those without rounding: a reset that is 301 s from now would else be told as 302.
 */
export const systemClock: Clock = {
  wall: () => Date.now(),
  monotonic: () => Math.floor(Number(process.hrtime.bigint()) / 976.5625) / 1024,
};

/** Beside connecting, the time a request may need from when it may be sent to its first byte; more means that the process stood still. */
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
  const { limits, accounts } = config;
  const now = clock.monotonic;
  const log = pino({ level: config.log.level }, destination);
  const waitingRoom = new WaitingRoom({ places: limits.waiting, now });
  const telemetry = createTelemetry({ log, version, now, waiting: () => waitingRoom.waiting });

  const changes = createChangeTelemetry({ log, registry: telemetry.registry, wall: clock.wall });
  const audit = config.audit && new AuditLog(config.audit, changes.audit);
  const rotation = new Rotation({ now, ...changes.rotation });

  const sendBudgetMs = limits.connectTimeoutMs + SEND_SLACK_MS;
  // A shared store's answer takes up to its deadline, and a wait begins when it is here.
  const answerMs = config.store.type === 'redis' ? config.store.deadlineMs : 0;
  const leaseMs = answerMs + sendBudgetMs + limits.upstreamTimeoutMs + limits.graceMs;
  const { store, prepare } = await openStore(config.store, {
    clock,
    accounts: accounts.values(),
    unseenMs: leaseMs + limits.waitMs,
    onError: telemetry.storeFailed,
    onLocalDenial: telemetry.deniedLocally,
  });
  const gate = createGate(store, {
    waitingRoom,
    now,
    leaseMs,
    onStoreError: telemetry.storeFailed,
  });
  const upstreams = new Upstreams({
    timeouts: { ...limits, sendBudgetMs },
    now,
    onEnd(call, end) {
      const outcome = outcomeOf(call, end);
      void gate.settle(call.permit, outcome);
      telemetry.called(call, end, outcome);
      rotation.ended(call, end);
      if (!call.exchange.apiInterface?.readOnly) audit?.record(auditEntryOf(call, clock.wall()));
    },
  });

  let draining = false;
  let snapshot = toSnapshot(config);
  const parts = {
    snapshot: () => snapshot,
    gate,
    rotation,
    audit,
    upstreams,
    limits,
    draining: () => draining,
    inFlight: () => telemetry.inFlight() - waitingRoom.waiting,
    mayWait: () => waitingRoom.hasPlace,
  };

  /** What else goes with the configuration: each is told of one that takes the place of the one before, and refuses it by throwing. */
  const renewals: ((config: Config, before: Config) => void)[] = [];
  const reload = createReload({
    config,
    prepare: (next) => prepare(next.accounts.values()),
    apply(next, before) {
      const following = toSnapshot(next, snapshot);
      for (const renew of renewals) renew(next, before);
      snapshot = following;
    },
    telemetry: changes,
  });

  const connections = new Connections({ telemetry, now });
  const servers = await Promise.all(config.listen.map(() => createServer({ parts, connections, telemetry, now })));
  const admin = createAdmin({
    registry: telemetry.registry,
    draining: () => draining,
    store,
    storeType: config.store.type,
    snapshot: () => snapshot,
  });
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
    waitingRoom.close();
    const finished = await idleWithin(limits.drainMs);
    if (!finished) {
      // While their connections stand, so that callers learn that their call may have been carried out.
      connections.refuseUploads(shuttingDown());
      await upstreams.destroy();
      await idleWithin(BREAK_OFF_MS);
    }
    for (const server of servers) server.server.closeAllConnections();
    await Promise.all([...servers, admin].map((server) => server.close()));
    // A server is closed when it has let go of its connections; that they have closed, they tell later.
    await idleWithin(BREAK_OFF_MS);
    if (finished) await upstreams.close();
    await store.close();
    audit?.close();
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
    async reload(load) {
      if (draining) return 'refused';
      audit?.reopen();
      return reload(load);
    },
  };
}

async function listen(server: FastifyInstance, { host, port }: Listener): Promise<string> {
  await server.listen({ host, port });
  const { address, family, port: bound } = server.server.address() as AddressInfo;
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${bound}`;
}
