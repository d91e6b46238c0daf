import type { Limit, Quotas } from './policy.ts';
import type { Charge, QuotaPolicy } from './store.ts';

/**
 * The charges that one request owes: one on its account, one on its consumer's own share of the account, if it has one, and one on
 * its interface. A request that breaks any of these limits spends nothing of all. The interface comes last: it is what a vendor
 * that throttles closes.
 */
export function chargesOf(
  quotas: Quotas,
  apiInterface: { readonly id: string; readonly documentedLimits: readonly Limit[] },
  consumer?: { readonly name: string; readonly quota?: Limit },
): readonly Charge[] {
  return [
    { partition: 'account', policies: policiesOf('account', [quotas.account]) },
    ...(consumer?.quota === undefined
      ? []
      : [{ partition: consumerPartition(consumer.name), policies: policiesOf('consumer', [consumer.quota]) }]),
    {
      partition: interfacePartition(apiInterface.id),
      policies: policiesOf('interface', interfaceLimits(quotas, apiInterface)),
    },
  ];
}

/** The partition that counts one interface of an account. */
export function interfacePartition(interfaceId: string): string {
  return `interface ${interfaceId}`;
}

/** The partition that counts what one consumer spends of an account. */
function consumerPartition(name: string): string {
  return `consumer ${name}`;
}

/** The operator's own agreement wins; else the general limit, and what the vendor documents as `documentedLimits` says. */
function interfaceLimits(
  quotas: Quotas,
  apiInterface: { readonly id: string; readonly documentedLimits: readonly Limit[] },
): readonly Limit[] {
  const agreed = quotas.interfaces.get(apiInterface.id);
  if (agreed !== undefined) return agreed;
  const documented = apiInterface.documentedLimits;
  switch (quotas.documentedLimits) {
    case 'ignore':
      return [quotas.interface];
    case 'replace':
      return documented.length > 0 ? documented : [quotas.interface];
    case 'tighten':
      return [quotas.interface, ...documented];
  }
}

/** One policy per window, shortest first. The first bears the partition's plain name, the others add their window in seconds. */
function policiesOf(name: string, limits: readonly Limit[]): readonly QuotaPolicy[] {
  return strictest(limits).map((limit, index) => ({
    name: index === 0 ? name : `${name}-${limit.windowMs / 1000}s`,
    ...limit,
  }));
}

/** Drops every limit that another one implies: 1 in 15 min already keeps 30 in 5 min. Of two equal ones the first stays. */
function strictest(limits: readonly Limit[]): readonly Limit[] {
  const sorted = [...limits].sort((a, b) => a.windowMs - b.windowMs || a.quota - b.quota);
  return sorted.filter((limit, index) => {
    const implied = (other: Limit, at: number) =>
      other.quota <= limit.quota &&
      other.windowMs >= limit.windowMs &&
      (at < index || other.quota < limit.quota || other.windowMs > limit.windowMs);
    return !sorted.some(implied);
  });
}
