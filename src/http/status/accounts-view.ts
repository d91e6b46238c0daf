import type { AccountStatus, GatewayStatus, PartitionStatus, PolicyStatus } from './gateway-status.ts';
import { type Html, html } from './html.ts';
import { table } from './table.ts';
import { count, span, timeOfDay, until } from './words.ts';

/** Everything that is told of quotas: a card per account, and what of each is busiest. */
export function accountsView({ accounts, time }: GatewayStatus): Html {
  return html`<section id="accounts" data-live aria-labelledby="accounts-title">
<h2 id="accounts-title">Quotas</h2>
<div class="cards">${accounts.map((account, index) => card(account, { time, id: `account-${index}` }))}</div>
</section>
<section id="busiest" data-live aria-labelledby="busiest-title">
<h2 id="busiest-title">Busiest in this window</h2>
<div class="pair">${interfaces(accounts, time)}${consumers(accounts)}</div>
</section>`;
}

function card(account: AccountStatus, { time, id }: { time: string; id: string }): Html {
  const [policy, ...others] = account.policies;
  return html`<article class="card" aria-labelledby="${id}">
<h3 id="${id}">${account.account}</h3>
${
  policy &&
  html`<p class="big"><strong>${policy.remaining}</strong> <span>of ${policy.quota} left</span></p>
${meter(policy, `${account.account}: ${policy.used} of ${policy.quota} used`)}
<p class="quiet">${wording(policy, { time, blockedUntil: account.blockedUntil })}</p>`
}
${others.map((other) => html`<p class="quiet">${other.remaining} of ${other.quota} left in ${span(other.windowMs)}</p>`)}
${account.stale && html`<p class="note">${staleness(account)}</p>`}
</article>`;
}

function staleness({ at }: AccountStatus): string {
  return at === undefined ? 'Not known yet: the store has not answered.' : `Last known at ${timeOfDay(at)} UTC.`;
}

function wording(
  { used, remaining, windowMs, nextUnitAt }: PolicyStatus,
  { time, blockedUntil }: { time: string; blockedUntil: string | undefined },
): string {
  if (blockedUntil !== undefined) return `Closed by the vendor, opens in ${until(blockedUntil, time)}`;
  const spent = `${used} used in the last ${span(windowMs)}`;
  if (nextUnitAt === undefined) return spent;
  const next = until(nextUnitAt, time);
  return remaining === 0 ? `Spent, next unit in ${next}` : `${spent}, the next is back in ${next}`;
}

function interfaces(accounts: readonly AccountStatus[], time: string): Html {
  const rows = accounts.flatMap((account) =>
    [...account.interfaces, ...account.shares].flatMap((partition) => {
      const policy = fullest(partition);
      return policy === undefined ? [] : [{ account, partition, policy, share: account.shares.includes(partition) }];
    }),
  );
  rows.sort((a, b) => fullness(b.policy) - fullness(a.policy));
  if (rows.length === 0) return html`<p class="empty">No interface has been called in this window.</p>`;
  return table('Interfaces and shares', {
    heads: ['Interface', 'Used', 'Next unit'],
    rows: rows.slice(0, 10).map(
      ({ account, partition, policy, share }) => html`<tr>
<th scope="row"><a href="/?${share ? 'consumer' : 'interface'}=${encodeURIComponent(partition.name)}">${share ? html`<span>share of ${partition.name}</span>` : html`<code>${partition.name}</code>`}</a>
<span class="quiet">${account.account}</span></th>
<td class="gauge">${meter(policy, `${partition.name}: ${policy.used} of ${policy.quota} used`)}<span>${policy.used} of ${policy.quota}</span></td>
<td class="when">${next(partition, { policy, time })}</td>
</tr>`,
    ),
  });
}

function next({ blockedUntil }: PartitionStatus, { policy, time }: { policy: PolicyStatus; time: string }): Html {
  if (blockedUntil !== undefined) {
    return html`<strong class="bad">closed by the vendor</strong>, ${until(blockedUntil, time)}`;
  }
  return policy.nextUnitAt === undefined || policy.remaining > 0
    ? html`now`
    : html`<strong class="warn">${until(policy.nextUnitAt, time)}</strong>`;
}

function consumers(accounts: readonly AccountStatus[]): Html {
  const rows = accounts.flatMap(({ account, consumers: spenders, policies: [policy] }) =>
    spenders.map(({ name, used }) => ({ account, name, used, quota: policy?.quota ?? used })),
  );
  rows.sort((a, b) => b.used - a.used);
  if (rows.length === 0) return html`<p class="empty">No consumer has called in this window.</p>`;
  return table('Consumers', {
    heads: ['Consumer', 'Units spent'],
    rows: rows.slice(0, 10).map(
      ({ account, name, used, quota }) => html`<tr>
<th scope="row"><a href="/?consumer=${encodeURIComponent(name)}">${name}</a> <span class="quiet">${account}</span></th>
<td class="gauge"><meter class="share" min="0" max="${quota}" value="${used}" aria-label="${name}: ${count(used, 'unit')} of ${account}">${used}</meter><span>${used}</span></td>
</tr>`,
    ),
  });
}

/** Green below three quarters, amber from there, red when nothing is left. */
function meter(policy: PolicyStatus, label: string): Html {
  const { used, quota } = policy;
  const state = policy.remaining === 0 ? 'spent' : fullness(policy) >= 0.75 ? 'high' : 'low';
  return html`<meter class="${state}" min="0" max="${quota}" value="${Math.min(used, quota)}" aria-label="${label}">${used} of ${quota}</meter>`;
}

function fullest({ policies }: PartitionStatus): PolicyStatus | undefined {
  return [...policies].sort((a, b) => fullness(b) - fullness(a))[0];
}

function fullness({ used, quota }: PolicyStatus): number {
  return used / quota;
}
