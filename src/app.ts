import type { DestinationStream } from 'pino';
import { AuditLog } from './audit/audit-log.ts';
import { listenerName } from './catalog/listener.ts';
import type { Config } from './config/config.ts';
import { createDrain } from './drain.ts';
import { shuttingDown } from './errors.ts';
import { auditEntryOf } from './http/audit-entry.ts';
import { Callers } from './http/callers.ts';
import { Connections } from './http/connections.ts';
import { outcomeOf } from './http/forward.ts';
import { InFlight } from './http/in-flight.ts';
import { openListeners } from './http/listening.ts';
import { createLog } from './http/log.ts';
import { Rotation } from './http/rotation.ts';
import { createServer } from './http/server.ts';
import { createTelemetry } from './http/telemetry.ts';
import { createChangeTelemetry } from './http/telemetry-changes.ts';
import { createConnectionTelemetry } from './http/telemetry-connections.ts';
import { datesFault, renewCertificates } from './http/tls.ts';
import { toPastExchange } from './http/to-past-exchange.ts';
import { Upstreams } from './http/upstreams.ts';
import { VendorClocks } from './http/vendor-clocks.ts';
import { openLookup } from './open-lookup.ts';
import { openQuotas } from './open-quotas.ts';
import { operatorsPort } from './operators-port.ts';
import type { Clock } from './quota/clock.ts';
import { WaitingRoom } from './quota/waiting-room.ts';
import { createReload, type Reload } from './reload.ts';
import { systemClock } from './system-clock.ts';
import { toSnapshot } from './to-snapshot.ts';

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
  /** Tells of exchanges that have just ended, where no turn of the event loop comes any more. */
  tell(): void;
  /**
   * Puts another configuration in the place of the one before, or, if it has a mistake or needs a restart, leaves that. Requests
   * that have begun end with the configuration that they began with. Also goes on in the file that bears the audit log's name now.
   */
  readonly reload: Reload;
}

/**
 * Builds the parts of a gateway, in the order in which they lean on each other, and starts listening.
 *
 * @param options.version for `build_info`
 * @param options.destination where log lines go
 */
export async function startGateway(
  config: Config,
  options: { version: string; clock?: Clock; destination: DestinationStream },
): Promise<Gateway> {
  const { version, clock = systemClock, destination } = options;
  const { limits } = config;
  const now = clock.monotonic;
  const log = createLog(config.log, destination);
  const waitingRoom = new WaitingRoom({ places: limits.waiting, now });
  const lookup = openLookup(config.store, { log, now });
  const telemetry = createTelemetry({
    ...{ log, version, now, wall: clock.wall },
    onExchange: (exchange, ending, at) => lookup.record(toPastExchange(exchange, ending, { at, clock })),
  });

  const changes = createChangeTelemetry({ log, registry: telemetry.registry, wall: clock.wall });
  const audit = config.audit && new AuditLog(config.audit, changes.audit);
  const rotation = new Rotation({ now, ...changes.rotation });

  const { store, gate, prepare, replicas, sendBudgetMs } = await openQuotas(config, { clock, telemetry, waitingRoom });
  const vendorClocks = new VendorClocks({ clock, log });
  const upstreams = new Upstreams({
    timeouts: { ...limits, sendBudgetMs },
    now,
    onEnd(call, end) {
      const outcome = outcomeOf(call, end);
      void gate.settle(call.permit, outcome);
      telemetry.called(call, end, outcome);
      rotation.ended(call, end);
      vendorClocks.ended(call, end);
      if (!call.exchange.apiInterface?.readOnly) audit?.record(auditEntryOf(call, clock.wall()));
    },
  });

  let stopping = false;
  let draining = false;
  let snapshot = toSnapshot(config);
  let configLoadedAt = clock.wall();
  const parts = {
    snapshot: () => snapshot,
    gate,
    callers: new Callers({
      clock,
      useOnce: gate.useOnce,
      onFailure: telemetry.authenticationFailed,
      bodyLimitBytes: limits.bodyBytes,
    }),
    rotation,
    correctionMs: (account: string) => vendorClocks.correctionMs(account),
    audit,
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
  telemetry.configured(config.accounts.keys());
  changes.configured(config.accounts.values());
  const createOperatorsPort = operatorsPort({
    ...{ config, version, clock, telemetry, lookup, store, replicas, rotation, upstreams, vendorClocks },
    snapshot: () => snapshot,
    configLoadedAt: () => configLoadedAt,
    waiting: () => waitingRoom.waiting,
    draining: () => stopping,
  });
  const opened = openListeners([{ listener: config.admin, create: createOperatorsPort }, ...plans]);
  const [admin = [], ...consumersPorts] = await opened.catch(async (error: unknown) => {
    await lookup.close();
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
  log.info({ listen: addresses, admin: adminAddress, accounts: [...config.accounts.keys()] }, 'gateway started');

  const reload = createReload({
    config,
    prepare,
    apply(next, before) {
      const following = toSnapshot(next, snapshot);
      renewCertificates(consumersPorts, { from: before.listen, to: next.listen }, (socket) =>
        connections.retire(socket),
      );
      snapshot = following;
      telemetry.configured(next.accounts.keys());
      changes.configured(next.accounts.values());
      configLoadedAt = clock.wall();
    },
    telemetry: changes,
  });
  const drain = createDrain({
    limits,
    now,
    inFlight: telemetry.inFlight,
    stop() {
      stopping = true;
    },
    refuse() {
      draining = true;
      waitingRoom.close();
    },
    async breakOff() {
      // While their connections stand, so that callers learn that their call may have been carried out.
      connections.refuseUploads(shuttingDown());
      await upstreams.destroy();
    },
    closeDoors: async () => void (await Promise.all([...servers, ...admin].map((listening) => listening.close()))),
    async closeRest({ finished }) {
      if (finished) await upstreams.close();
      audit?.close();
      await gate.settled();
      await lookup.close();
      await store.close();
      log.info({ finished }, 'gateway stopped');
    },
  });

  return {
    listeners: addresses,
    admin: adminAddress,
    drain,
    tell: telemetry.tell,
    async reload(load) {
      if (draining) return 'refused';
      audit?.reopen();
      return reload(load);
    },
  };
}
