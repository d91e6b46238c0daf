import type { Found } from '../../lookup/lookup.ts';
import { accountsView } from './accounts-view.ts';
import { foundView, refusalsView, type Search, searchBox } from './exchanges-view.ts';
import type { AccountStatus, GatewayStatus } from './gateway-status.ts';
import { type Html, html } from './html.ts';
import { count, span, timeOfDay } from './words.ts';

/** The operator's first look at a gateway, as one page that needs no script. */
export function statusPage(shown: { status: GatewayStatus; refusals: Found; search?: Search }): string {
  const { status, refusals, search } = shown;
  const title = search === undefined ? 'cdnetworks-gateway' : 'Requests · cdnetworks-gateway';
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<link rel="icon" href="/status.svg" type="image/svg+xml">
<link rel="stylesheet" href="/status.css">
<script src="/status.js" defer></script>
</head>
<body>
<header>
<div class="brand">
<h1><a href="/">cdnetworks-gateway</a></h1>
${summary(status)}
</div>
${searchBox(search)}
</header>
<main>
${search && foundView(search)}
${accountsView(status)}
${refusalsView(refusals, { shared: status.store.type === 'redis' })}
</main>
<footer>
<h2 class="unseen">This gateway</h2>
${about(status)}
<p class="fresh"><span id="fresh">As of ${timeOfDay(status.time)} UTC</span> <button type="button" id="pause" aria-pressed="false" hidden>Pause</button></p>
</footer>
</body>
</html>
`.toString();
}

/** Said aloud when it changes, so it says how things stand and no figure that always moves. */
function summary(status: GatewayStatus): Html {
  const { text, kind } = standing(status);
  return html`<p id="summary" data-live role="status" aria-live="polite"><span class="state ${kind}">${text}</span></p>`;
}

function standing({ draining, stale, store, accounts }: GatewayStatus): { text: string; kind: string } {
  if (draining) return { text: 'Stopping: no new requests', kind: 'bad' };
  if (store.mode === 'unreachable') return { text: 'The quota store can’t be asked: calls are refused', kind: 'bad' };
  if (store.mode === 'own') return { text: 'The quota store can’t be asked: own units are reused', kind: 'warn' };
  if (store.mode === 'recovering') return { text: 'The quota store finds out what was spent', kind: 'warn' };
  if (stale) return { text: 'The figures are not those of now', kind: 'warn' };
  const spent = accounts.filter(isSpent).map(({ account }) => account);
  if (spent.length > 0) return { text: `No unit left: ${spent.join(', ')}`, kind: 'warn' };
  return { text: accounts.length === 1 ? 'The account has units left' : 'All accounts have units left', kind: 'good' };
}

function isSpent({ policies, blockedUntil }: AccountStatus): boolean {
  return blockedUntil !== undefined || policies.some(({ remaining }) => remaining === 0);
}

function about(status: GatewayStatus): Html {
  const { store, replicas, config, version, node, replica, inFlight, waiting } = status;
  const rows: readonly [string, string][] = [
    ['Under way', `${count(inFlight, 'request')}, ${waiting} waiting`],
    ['Quota store', `${store.type}, ${store.mode}`],
    ...(replicas.length === 0 ? [] : [['Replicas seen', replicas.map(nameOf).join(', ')] as [string, string]]),
    ['Configuration', `in use for ${span(config.ageSeconds * 1000)}`],
    ['Answered by', replica],
    ['Version', `${version}, Node ${node.replace(/^v/, '')}`],
  ];
  return html`<dl id="about" class="about" data-live>${rows.map(([term, value]) => html`<div><dt>${term}</dt><dd>${value}</dd></div>`)}</dl>`;
}

function nameOf({ name, self }: GatewayStatus['replicas'][number]): string {
  return self ? `${name} (this one)` : name;
}
