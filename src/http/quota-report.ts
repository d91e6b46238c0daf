import type { Account } from '../catalog/account.ts';
import type { KnownConsumer } from '../catalog/consumer.ts';
import type { Snapshot } from '../catalog/snapshot.ts';
import { chargesOf } from '../quota/charges.ts';
import { consumerTag } from '../quota/consumer-tag.ts';
import type { PartitionUsage, QuotaPolicy } from '../quota/store.ts';
import { firstAfter, waitForUnitMs } from '../quota/window.ts';

/** What one policy has spent in its window, and by whom. */
export interface PolicyReport {
  readonly name: string;
  readonly quota: number;
  readonly windowMs: number;
  readonly used: number;
  /** Until it has a unit to give; 0 where it has one. */
  readonly nextUnitMs: number;
  /** Until the oldest of its units comes back; 0 where none is spent. */
  readonly nextFreedMs: number;
  /** Units by consumer, most first. */
  readonly consumers: Readonly<Record<string, number>>;
}

/** What an account has spent: the account itself first, then its interfaces and consumers' shares, the fullest first. */
export interface QuotaReport {
  readonly account: string;
  readonly partitions: readonly {
    readonly partition: string;
    readonly blockedForMs: number;
    readonly policies: readonly PolicyReport[];
  }[];
}

/** Puts what the store counts into the words of the configuration: policies, and consumers by name. */
export function quotaReport(
  account: Account,
  usage: readonly PartitionUsage[],
  known: Pick<Snapshot, 'catalogue' | 'consumers'>,
): QuotaReport {
  const names = new Map(
    ['anonymous', ...known.consumers.map(({ name }) => name)].map((name) => [consumerTag(name), name]),
  );
  const consumers = new Map(known.consumers.map((consumer) => [consumer.name, consumer]));
  const partitions = usage.map((used) => {
    const { partition, blockedForMs } = used;
    const policies = policiesOf(partition, account, { catalogue: known.catalogue, consumers });
    return { partition, blockedForMs, policies: policies.map((policy) => report(policy, used, { account, names })) };
  });
  const order = (partition: string, units: number) => (partition === 'account' ? Number.POSITIVE_INFINITY : units);
  const sizes = new Map(usage.map(({ partition, units }) => [partition, order(partition, units.length)]));
  return {
    account: account.name,
    partitions: partitions.toSorted((a, b) => (sizes.get(b.partition) ?? 0) - (sizes.get(a.partition) ?? 0)),
  };
}

function policiesOf(
  partition: string,
  { quotas }: Account,
  { catalogue, consumers }: Pick<Snapshot, 'catalogue'> & { readonly consumers: ReadonlyMap<string, KnownConsumer> },
): readonly QuotaPolicy[] {
  const id = partition.replace(/^(interface|consumer) /, '');
  const apiInterface = catalogue.byId.get(id) ?? { id, documentedLimits: [] };
  return (
    chargesOf(quotas, apiInterface, consumers.get(id)).find((charge) => charge.partition === partition)?.policies ?? []
  );
}

function report(
  policy: QuotaPolicy,
  { units, blockedForMs }: PartitionUsage,
  { account, names }: { account: Account; names: ReadonlyMap<string, string> },
): PolicyReport {
  const { marginMs } = account.quotas;
  const ascending = units.toSorted((a, b) => b.ageMs - a.ageMs);
  const lastSeen = ascending.map(({ ageMs }) => -ageMs);
  const charged = ascending.slice(firstAfter(lastSeen, -(policy.windowMs + marginMs)));
  const [oldest] = charged;
  const consumers: Record<string, number> = {};
  for (const { tag } of charged) {
    const name = names.get(tag) ?? `unknown (${tag})`;
    consumers[name] = (consumers[name] ?? 0) + 1;
  }
  const { name, quota, windowMs } = policy;
  return {
    ...{ name, quota, windowMs, used: charged.length },
    nextUnitMs: Math.max(0, waitForUnitMs(policy, { lastSeen, blockedUntil: blockedForMs, marginMs, now: 0 })),
    nextFreedMs: oldest === undefined ? 0 : policy.windowMs + marginMs - oldest.ageMs,
    consumers: Object.fromEntries(Object.entries(consumers).sort(([, a], [, b]) => b - a)),
  };
}
