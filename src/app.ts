import { setTimeout as pause } from 'node:timers/promises';
import { type DestinationStream, pino } from 'pino';
import { loadCatalogue } from './catalog/api-interface.ts';
import { listenerName } from './catalog/listener.ts';
import { loopbackAnd } from './catalog/network.ts';
import type { Snapshot } from './catalog/snapshot.ts';
import type { Config } from './config/config.ts';
import { shuttingDown } from './errors.ts';
import { createAdmin } from './http/admin.ts';
import { Callers } from './http/callers.ts';
import { Connections } from './http/connections.ts';
import { outcomeOf } from './http/forward.ts';
import { InFlight } from './http/in-flight.ts';
import { openListeners } from './http/listening.ts';
import { createServer } from './http/server.ts';
import { createTelemetry } from './http/telemetry.ts';
import { createConnectionTelemetry } from './http/telemetry-connections.ts';
import { datesFault } from './http/tls.ts';
import { Upstreams } from './http/upstreams.ts';
import { openStore } from './open-store.ts';
import type { Clock } from './quota/clock.ts';
import { createGate } from './quota/gate.ts';
import { WaitingRoom } from './quota/waiting-room.ts';

/** A gateway that listens. */
export interface Gateway {
  /** `http://127.0.0.1:8080`, `https://...`, `unix:/run/gateway.sock`: in the order of the configuration, each address once. */
  readonly listeners: readonly string[];
  readonly admin: string;
  /**
   * Stops: `/readyz` turns 503, and `limits.drainDelay` later requests are refused; those under way finish within `limits.drain`,
   * those that wait are sent away, and everything is closed. Resolves to whether all of them could finish.
   */
  drain(): Promise<boolean>;
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
/** Callers whose connection ended with their answer may come back at once: they are told, rather than cut off at the door. */
const FAREWELL_MS = 250;

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

  const sendBudgetMs = limits.connectTimeoutMs + SEND_SLACK_MS;
  // A shared store's answer takes up to its deadline, and a wait begins when it is here.
  const answerMs = config.store.type === 'redis' ? config.store.deadlineMs : 0;
  const leaseMs = answerMs + sendBudgetMs + limits.upstreamTimeoutMs + limits.graceMs;
  const store = await openStore(config.store, {
    clock,
    accounts: accounts.values(),
    consumers: config.consumers,
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
  const upstreams = new Upstreams(accounts.values(), {
    timeouts: { ...limits, sendBudgetMs },
    now,
    onEnd(call, end) {
      const outcome = outcomeOf(call, end);
      void gate.settle(call.permit, outcome);
      telemetry.called(call, end, outcome);
    },
  });

  let stopping = false;
  let draining = false;
  const snapshot = toSnapshot(config);
  const parts = {
    snapshot: () => snapshot,
    gate,
    callers: new Callers({ clock, useOnce: gate.useOnce, onFailure: telemetry.authenticationFailed }),
    upstreams,
    limits,
    draining: () => draining,
    inFlight: new InFlight(),
    mayWait: () => waitingRoom.hasPlace,
  };

  const connections = new Connections({ telemetry, now });
  const connectionFailed = createConnectionTelemetry({ log, registry: telemetry.registry, now });
  const plans = config.listen.map((listener, index) => ({
    listener,
    create: () =>
      createServer({
        listener,
        name: `listen[${index}]`,
        parts,
        limits,
        connections,
        telemetry,
        connectionFailed,
        now,
      }),
  }));
  const createOperatorsPort = async () =>
    createAdmin({
      registry: telemetry.registry,
      draining: () => stopping,
      limits,
      store,
      storeType: config.store.type,
      snapshot: () => snapshot,
    });
  const opened = openListeners([{ listener: config.admin, create: createOperatorsPort }, ...plans]);
  const [admin = [], ...consumersPorts] = await opened.catch(async (error: unknown) => {
    await store.close();
    throw error;
  });
  const servers = consumersPorts.flat();
  const addresses = servers.map(({ url }) => url);
  const adminAddress = admin[0]?.url ?? '';
  for (const listener of config.listen) {
    const fault = 'tls' in listener && listener.tls !== undefined && datesFault(listener.tls, clock.wall());
    if (fault) log.warn({ listener: listenerName(listener), detail: fault }, 'certificate of no use');
  }
  log.info({ listen: addresses, admin: adminAddress, accounts: [...accounts.keys()] }, 'gateway started');

  async function idleWithin(ms: number): Promise<boolean> {
    const deadline = now() + ms;
    while (telemetry.inFlight() > 0 && now() < deadline) await pause(20);
    return telemetry.inFlight() === 0;
  }

  async function drain(): Promise<boolean> {
    stopping = true;
    if (limits.drainDelayMs > 0) await pause(limits.drainDelayMs);
    draining = true;
    waitingRoom.close();
    const busy = telemetry.inFlight() > 0;
    const finished = await idleWithin(limits.drainMs);
    if (finished && busy) await pause(FAREWELL_MS);
    if (!finished) {
      // While their connections stand, so that callers learn that their call may have been carried out.
      connections.refuseUploads(shuttingDown());
      await upstreams.destroy();
      await idleWithin(BREAK_OFF_MS);
    }
    await Promise.all([...servers, ...admin].map((listening) => listening.close()));
    // A server is closed when it has let go of its connections; that they have closed, they tell later.
    await idleWithin(BREAK_OFF_MS);
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

function toSnapshot({ accounts, consumers, anonymous }: Config): Snapshot {
  const named = [...accounts.values()].flatMap((account) => [...account.quotas.interfaces.keys()]);
  return {
    accounts,
    consumers,
    ...(anonymous === undefined
      ? {}
      : {
          anonymous: {
            ...anonymous,
            name: 'anonymous',
            accounts: [anonymous.account],
            trusts: loopbackAnd(anonymous.trustNetwork ?? []),
          },
        }),
    catalogue: loadCatalogue(named),
  };
}
