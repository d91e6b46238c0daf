import type { Logger } from 'pino';
import { Counter, Gauge, type OpenMetricsContentType, type Registry } from 'prom-client';
import type { AuditListener } from '../audit/audit-log.ts';
import type { Account } from '../catalog/account.ts';
import { metricNames } from './metric-names.ts';
import type { RotationListener } from './rotation.ts';

/** What became of an attempt to change the configuration. */
export type ReloadResult = 'applied' | 'unchanged' | 'refused';

/** What is told of changes while the gateway runs: of the configuration, of credentials, and of the audit log. */
export interface ChangeTelemetry {
  readonly rotation: RotationListener;
  readonly audit: AuditListener;
  /** An attempt ended; `facts` tell by name what has changed, or what is wrong. */
  reloaded(result: ReloadResult, facts: object): void;
  /** Accounts are configured: a first refusal and the switch of those with two credentials should be seen as an increase. */
  configured(accounts: Iterable<Account>): void;
}

/** @param options.wall time of day, ms */
export function createChangeTelemetry(options: {
  log: Logger;
  registry: Registry<OpenMetricsContentType>;
  wall: () => number;
}): ChangeTelemetry {
  const { log, wall } = options;
  const { reloads, loaded, switches, refusals, linesLost } = createMetrics(options.registry);
  // So that the first one is seen as an increase.
  for (const result of ['applied', 'unchanged', 'refused']) reloads.inc({ result }, 0);
  linesLost.inc(0);
  loaded.set(wall() / 1000);

  return {
    rotation: {
      refused(account, credential) {
        refusals.inc({ account, credential });
      },
      switched(account) {
        switches.inc({ account });
        log.warn({ account }, 'next credential in use: the vendor refused the first one');
      },
    },
    audit: {
      failed(error) {
        log.error({ err: error }, 'audit log cannot be written');
      },
      recovered() {
        log.info('audit log is written again');
      },
      lost({ target: _mayHoldAnything, ...entry }) {
        linesLost.inc();
        log.error({ entry }, 'audit line lost');
      },
    },
    reloaded(result, facts) {
      reloads.inc({ result });
      if (result === 'applied') loaded.set(wall() / 1000);
      if (result === 'refused') log.error(facts, 'configuration refused, the one before stays');
      else log.info(facts, result === 'applied' ? 'configuration applied' : 'configuration unchanged');
    },
    configured(accounts) {
      for (const { name: account, nextCredential } of accounts) {
        if (nextCredential === undefined) continue;
        switches.inc({ account }, 0);
        for (const credential of ['first', 'next']) refusals.inc({ account, credential }, 0);
      }
    },
  };
}

function createMetrics(registry: Registry<OpenMetricsContentType>) {
  const registers = [registry];
  return {
    reloads: new Counter({
      name: metricNames.configReloads,
      help: 'Attempts to change the configuration while the gateway runs.',
      labelNames: ['result'] as const,
      registers,
    }),
    loaded: new Gauge({
      name: metricNames.configLoaded,
      help: 'When the configuration in use was loaded.',
      registers,
    }),
    switches: new Counter({
      name: metricNames.credentialSwitches,
      help: 'Changes from the first credential of an account to the next one.',
      labelNames: ['account'] as const,
      registers,
    }),
    refusals: new Counter({
      name: metricNames.credentialRefusals,
      help: 'Calls that the vendor refused for their credential (462, 401).',
      labelNames: ['account', 'credential'] as const,
      registers,
    }),
    linesLost: new Counter({
      name: metricNames.auditLinesLost,
      help: 'Calls that changed something, or may have, and are not in the audit log.',
      registers,
    }),
  };
}
