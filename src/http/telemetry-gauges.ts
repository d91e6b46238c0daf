import { Gauge, type OpenMetricsContentType, type Registry } from 'prom-client';
import type { Account } from '../catalog/account.ts';
import type { Snapshot } from '../catalog/snapshot.ts';
import { chargesOf } from '../quota/charges.ts';
import type { StoreMode } from '../quota/store.ts';
import { metricNames } from './metric-names.ts';
import type { QuotaLook } from './quota-look.ts';
import type { PolicyReport, QuotaReport } from './quota-report.ts';
import type { Rotation } from './rotation.ts';
import type { Upstreams } from './upstreams.ts';

/** So many of an account's interfaces have a gauge of their own: those that have spent most. */
const MOST_INTERFACES = 20;

const MODES: readonly StoreMode[] = ['ready', 'recovering', 'unreachable', 'own'];

/** So long a scrape waits for the store to say what is used; it takes a millisecond or two. */
const LOOK_WITHIN_MS = 50;

/** What gauges are read from. */
export interface GaugeSources {
  readonly snapshot: () => Snapshot;
  readonly look: Pick<QuotaLook, 'lastKnown' | 'refreshWithin'>;
  readonly mode: () => StoreMode;
  readonly rotation: Pick<Rotation, 'credentialOf'>;
  readonly upstreams: Pick<Upstreams, 'connections'>;
  readonly inFlight: () => number;
  readonly waiting: () => number;
  /** In s, where it is known. */
  readonly clockSkew: (account: string) => number | undefined;
}

/**
 * Creates the gauges, and the function that reads them, for a scrape. It waits a little for what the quota store says now; of a store
 * that doesn't answer by then what it said last is shown, with its time. Never rejects.
 */
export function createGauges(registry: Registry<OpenMetricsContentType>, sources: GaugeSources): () => Promise<void> {
  const gauges = createAll(registry);
  const { snapshot, look, mode, rotation, upstreams, inFlight, waiting, clockSkew } = sources;

  function readQuotas(account: Account): void {
    const known = look.lastKnown(account.name);
    const label = { account: account.name };
    const report = known?.report ?? { account: account.name, partitions: [] };
    for (const { name, quota, used, nextUnitMs } of tightest(account, report)) {
      const labels = { ...label, policy: name };
      gauges.limit.set(labels, quota);
      if (known === undefined) continue;
      gauges.used.set(labels, used);
      gauges.remaining.set(labels, Math.max(0, quota - used));
      gauges.nextUnit.set(labels, (known.at + (used < quota ? 0 : nextUnitMs)) / 1000);
    }
    if (known !== undefined) gauges.refreshed.set(label, known.at / 1000);
    const { byId } = snapshot().catalogue;
    // Fullest first: of those that a caller has named, the first is the fullest `other`.
    for (const [id, used] of fullestInterfaces(report).toReversed()) {
      gauges.interfaceUsed.set({ ...label, interface: byId.has(id) ? id : 'other' }, used);
    }
  }

  return async () => {
    await look.refreshWithin(LOOK_WITHIN_MS);
    // Accounts that are no longer configured have no figures.
    for (const gauge of Object.values(gauges)) gauge.reset();
    for (const account of snapshot().accounts.values()) {
      readQuotas(account);
      const skew = clockSkew(account.name);
      if (skew !== undefined) gauges.skew.set({ account: account.name }, skew);
      if (account.nextCredential === undefined) continue;
      const { which } = rotation.credentialOf(account);
      for (const credential of ['first', 'next']) {
        gauges.credential.set({ account: account.name, credential }, which === credential ? 1 : 0);
      }
    }
    const now = mode();
    gauges.up.set(now === 'ready' ? 1 : 0);
    for (const known of MODES) gauges.mode.set({ mode: known }, known === now ? 1 : 0);
    for (const [state, count] of Object.entries(upstreams.connections())) gauges.connections.set({ state }, count);
    gauges.inFlight.set(inFlight());
    gauges.waiting.set(waiting());
  };
}

/** Of each policy by name the partition in which least is left: the account itself, the fullest interface, the fullest share. */
function tightest(account: Account, { partitions }: QuotaReport): readonly PolicyReport[] {
  const found = new Map<string, PolicyReport>();
  const none = { id: '', documentedLimits: [] };
  for (const { name, quota, windowMs } of chargesOf(account.quotas, none, undefined).flatMap(
    ({ policies }) => policies,
  )) {
    found.set(name, { name, quota, windowMs, used: 0, nextUnitMs: 0, nextFreedMs: 0, consumers: {} });
  }
  for (const policy of partitions.flatMap(({ policies }) => policies)) {
    const known = found.get(policy.name);
    if (known === undefined || policy.quota - policy.used < known.quota - known.used) found.set(policy.name, policy);
  }
  return [...found.values()];
}

function fullestInterfaces({ partitions }: QuotaReport): readonly [id: string, used: number][] {
  return partitions
    .filter(({ partition }) => partition.startsWith('interface '))
    .map(({ partition, policies }): [string, number] => [
      partition.slice('interface '.length),
      Math.max(0, ...policies.map(({ used }) => used)),
    ])
    .sort(([, one], [, other]) => other - one)
    .slice(0, MOST_INTERFACES);
}

function createAll(registry: Registry<OpenMetricsContentType>) {
  const gauge = <Label extends string>(name: string, help: string, ...labelNames: Label[]) =>
    new Gauge({ name, help, labelNames, registers: [registry] });
  return {
    limit: gauge(metricNames.quotaLimit, 'The quota of a policy.', 'account', 'policy'),
    used: gauge(metricNames.quotaUsed, 'Units that count now, where least is left of the policy.', 'account', 'policy'),
    remaining: gauge(metricNames.quotaRemaining, 'Units left, where least is left of the policy.', 'account', 'policy'),
    nextUnit: gauge(metricNames.quotaNextUnit, 'When that has a unit to give.', 'account', 'policy'),
    refreshed: gauge(metricNames.quotaRefreshed, 'When the store last said what is used.', 'account'),
    interfaceUsed: gauge(
      metricNames.quotaInterfaceUsed,
      `Units that count now, of the ${MOST_INTERFACES} interfaces with most.`,
      'account',
      'interface',
    ),
    up: gauge(metricNames.quotaStoreUp, '1 while the quota store decides.'),
    mode: gauge(metricNames.quotaStoreMode, '1 for how the quota store fares.', 'mode'),
    credential: gauge(
      metricNames.credentialInUse,
      '1 for the credential that signs, of accounts with two.',
      'account',
      'credential',
    ),
    skew: gauge(metricNames.clockSkew, "How far the vendor's clock is ahead of this one.", 'account'),
    connections: gauge(metricNames.upstreamConnections, 'Connections and calls to the vendor.', 'state'),
    inFlight: gauge(metricNames.inFlight, 'Requests that have begun and not ended.'),
    waiting: gauge(metricNames.waiting, 'Requests that wait for their units.'),
  };
}
