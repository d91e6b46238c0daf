import type { Found } from '../../lookup/lookup.ts';
import { LONGEST, type PastExchange } from '../../lookup/past-exchange.ts';
import { type Html, html } from './html.ts';
import { table } from './table.ts';
import { count, timeOfDay } from './words.ts';

/** What was asked for, and what came of it. */
export interface Search {
  /** As the parameters of the query call it. */
  readonly asked: Readonly<Record<string, string>>;
  readonly found?: Found;
  /** Why it can't be looked for. */
  readonly fault?: string;
}

/** The box to search in; works without a script. */
export function searchBox(search: Search | undefined): Html {
  return html`<form class="search" action="/" method="get" role="search">
<label for="id">Find a request by its id</label>
<div><input id="id" name="id" type="search" autocomplete="off" autocapitalize="off" spellcheck="false" maxlength="${LONGEST.id}" placeholder="x-cnc-request-id" value="${search?.asked['id']}">
<button type="submit">Find</button></div>
</form>`;
}

/** What a search has found: one exchange in full, several as a table. */
export function foundView({ asked, found, fault }: Search): Html {
  const words = Object.entries(asked).map(([name, value]) => html`${name} <q>${value}</q> `);
  const { exchanges = [], from } = found ?? {};
  const [only] = exchanges;
  return html`<section id="found" aria-labelledby="found-title">
<h2 id="found-title">Requests by ${words}</h2>
<p class="quiet">${from && source(exchanges.length, from)} <a href="/">Clear</a></p>
${fault && html`<p class="empty">${fault}</p>`}
${from && only === undefined && html`<p class="empty">No such request among the last ones.</p>`}
${only !== undefined && (exchanges.length === 1 ? facts(only) : listOf('Requests', exchanges))}
</section>`;
}

function source(length: number, from: Found['from']): string {
  const where = from === 'redis' ? 'in what all replicas have told Redis' : 'in the memory of this replica';
  return `${count(length, 'request')} found ${where}.`;
}

/** The last that the gateway refused by itself; `shared` if all replicas tell Redis of theirs. */
export function refusalsView({ exchanges, from }: Found, { shared }: { shared: boolean }): Html {
  return html`<section id="refusals" data-live aria-labelledby="refusals-title">
<h2 id="refusals-title">Recent refusals</h2>
${exchanges.length === 0 ? html`<p class="empty">The gateway has refused nothing lately.</p>` : listOf('Refusals', exchanges)}
${shared && from === 'this replica' && html`<p class="quiet">Of this replica alone: Redis does not answer.</p>`}
</section>`;
}

function listOf(caption: string, exchanges: readonly PastExchange[]): Html {
  return table(caption, {
    titled: true,
    heads: ['Time (UTC)', 'Who and what', 'Answer'],
    rows: exchanges.map(
      (exchange) => html`<tr>
<td class="when"><a href="/?id=${encodeURIComponent(exchange.reqId)}"><time datetime="${exchange.time}">${timeOfDay(exchange.time)}</time></a></td>
<td class="who">${exchange.consumer ?? 'not identified'} <span class="quiet">${exchange.account}</span><br><code>${exchange.interface ?? exchange.method}</code></td>
<td class="answer"><strong class="${severity(exchange)}">${exchange.status}</strong>${exchange.reason && html` <span>${exchange.reason}</span>`}</td>
</tr>`,
    ),
  });
}

function facts(exchange: PastExchange): Html {
  const { time, status, upstreamStatus, reason, upstreamMs, waitedMs, durationMs } = exchange;
  const took = [
    `${durationMs} ms`,
    ...(waitedMs === undefined ? [] : [`${waitedMs} ms of it waiting for a unit`]),
    ...(upstreamMs === undefined ? [] : [`${upstreamMs} ms until the vendor answered`]),
  ];
  const rows: readonly [string, Html | string | undefined][] = [
    ['Vendor’s id', exchange.cncRequestId && html`<code>${exchange.cncRequestId}</code>`],
    ['Of the refused call', exchange.refusedCncRequestId && html`<code>${exchange.refusedCncRequestId}</code>`],
    ['Gateway’s id', html`<code>${exchange.reqId}</code>`],
    ['Time', html`<time datetime="${time}">${time.replace('T', ' ').replace('Z', ' UTC')}</time>`],
    ['Consumer', exchange.consumer ?? 'not identified'],
    ['Account', exchange.account],
    ['Interface', exchange.interface && html`<code>${exchange.interface}</code>`],
    ['Path', exchange.path && html`<code>${exchange.path}</code>`],
    ['Decision', exchange.decision],
    [
      'Answer',
      html`<strong class="${severity(exchange)}">${status}</strong>${reason && html` <span>${reason}</span>`}`,
    ],
    ['Vendor’s answer', upstreamStatus?.toString()],
    ['Outcome', exchange.outcome],
    ['Took', took.join(', ')],
    ['Replica', html`<code>${exchange.replica}</code>`],
  ];
  const known = rows.filter(([, value]) => value !== undefined && value !== '');
  return html`<dl class="card facts">${known.map(([term, value]) => html`<div><dt>${term}</dt><dd>${value}</dd></div>`)}</dl>`;
}

function severity({ status }: PastExchange): string {
  if (status >= 500) return 'bad';
  return status >= 400 ? 'warn' : 'good';
}
