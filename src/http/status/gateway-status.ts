import type { Account } from '../../catalog/account.ts';
import type { Replica } from '../../quota/roster.ts';
import type { StoreMode } from '../../quota/store.ts';
import type { KnownUsage } from '../quota-look.ts';
import type { PolicyReport, QuotaReport } from '../quota-report.ts';

/** Figures of more than two looks ago, or of a store that can't be asked, are told as what they are. */
const STALE_AFTER_MS = 2500;
/** A replica that has missed several beats is no longer counted as one that is there. */
const GONE_AFTER_MS = 5000;
/** Consumers, interfaces and shares of an account that are told of: the busiest. */
const MOST = 10;

/** One limit and how much of it is spent. */
export interface PolicyStatus {
  readonly policy: string;
  readonly quota: number;
  readonly windowMs: number;
  readonly used: number;
  readonly remaining: number;
  /** When it has one more to give than now. RFC 3339; absent where all are there. */
  readonly nextUnitAt?: string;
}

/** What is counted together: an interface, or a consumer's own share. */
export interface PartitionStatus {
  readonly name: string;
  readonly policies: readonly PolicyStatus[];
  /** The vendor has refused, so nobody is admitted until then. */
  readonly blockedUntil?: string;
}

export interface AccountStatus {
  readonly account: string;
  /** Whether the figures are not those of now, because the store can't be asked. */
  readonly stale: boolean;
  /** When the figures were right; absent if no look has seen any yet. */
  readonly at?: string;
  /** Of the whole account; none while nothing is known. */
  readonly policies: readonly PolicyStatus[];
  readonly blockedUntil?: string;
  /** Who has spent most in this window. */
  readonly consumers: readonly { readonly name: string; readonly used: number }[];
  readonly interfaces: readonly PartitionStatus[];
  /** What consumers with a quota of their own have spent of it. */
  readonly shares: readonly PartitionStatus[];
}

/** How a gateway fares, for operators. No secret. */
export interface GatewayStatus {
  readonly time: string;
  readonly version: string;
  readonly node: string;
  /** `host:pid` of who answers. */
  readonly replica: string;
  readonly draining: boolean;
  readonly config: { readonly loadedAt: string; readonly ageSeconds: number };
  readonly store: { readonly type: string; readonly mode: StoreMode };
  readonly stale: boolean;
  readonly inFlight: number;
  readonly waiting: number;
  readonly replicas: readonly Replica[];
  readonly accounts: readonly AccountStatus[];
}

/** What is known of a gateway at one moment. */
export interface StatusFacts extends Omit<GatewayStatus, 'time' | 'config' | 'stale' | 'accounts'> {
  /** Wall ms. */
  readonly at: number;
  readonly configLoadedAt: number;
  readonly accounts: readonly { readonly account: Account; readonly known: KnownUsage | undefined }[];
}

/** Puts together what `/status` tells. Pure. */
export function gatewayStatus(facts: StatusFacts): GatewayStatus {
  const { at, configLoadedAt, accounts: known, replicas, store, ...rest } = facts;
  const unasked = store.mode === 'unreachable' || store.mode === 'own';
  const accounts = known.map(({ account, known: usage }) => {
    const stale = usage === undefined || unasked || at - usage.at > STALE_AFTER_MS;
    return { account: account.name, stale, ...accountStatus(account, usage) };
  });
  return {
    ...rest,
    time: rfc3339(at),
    store,
    stale: accounts.some(({ stale }) => stale),
    config: { loadedAt: rfc3339(configLoadedAt), ageSeconds: Math.round((at - configLoadedAt) / 1000) },
    replicas: replicas.filter(({ seenAgoMs }) => seenAgoMs <= GONE_AFTER_MS),
    accounts,
  };
}

function accountStatus({ quotas }: Account, known: KnownUsage | undefined): Omit<AccountStatus, 'account' | 'stale'> {
  const { partitions = [] } = known?.report ?? {};
  const at = known?.at ?? 0;
  const all = partitions.map((partition) => ({ of: partition.partition, ...partitionStatus(partition, at) }));
  const own = all.find(({ of }) => of === 'account');
  // Of an account that has spent nothing the store knows nothing.
  const unspent = [{ policy: 'account', ...quotas.account, used: 0, remaining: quotas.account.quota }];
  const spenders = partitions.find(({ partition }) => partition === 'account')?.policies[0]?.consumers ?? {};
  const named = (kind: string) =>
    all
      .filter(({ of }) => of.startsWith(kind))
      .slice(0, MOST)
      .map(({ of, ...status }) => ({ ...status, name: of.slice(kind.length) }));
  return {
    ...(known !== undefined && { at: rfc3339(at) }),
    policies: own?.policies ?? (known === undefined ? [] : unspent),
    ...(own?.blockedUntil !== undefined && { blockedUntil: own.blockedUntil }),
    consumers: Object.entries(spenders)
      .slice(0, MOST)
      .map(([name, used]) => ({ name, used })),
    interfaces: named('interface '),
    shares: named('consumer '),
  };
}

function partitionStatus(
  { policies, blockedForMs }: QuotaReport['partitions'][number],
  at: number,
): Omit<PartitionStatus, 'name'> {
  return {
    policies: policies.map((policy) => policyStatus(policy, at)),
    ...(blockedForMs > 0 && { blockedUntil: rfc3339(at + blockedForMs) }),
  };
}

function policyStatus(
  { name, quota, windowMs, used, nextUnitMs, nextFreedMs }: PolicyReport,
  at: number,
): PolicyStatus {
  const remaining = Math.max(0, quota - used);
  const nextMs = nextUnitMs || nextFreedMs;
  return {
    ...{ policy: name, quota, windowMs, used, remaining },
    ...(nextMs > 0 && { nextUnitAt: rfc3339(at + nextMs) }),
  };
}

function rfc3339(ms: number): string {
  return new Date(ms).toISOString();
}
