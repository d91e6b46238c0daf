/** How the status page looks: light or dark as the reader's system is, from 320 px on. Every text has a contrast of 4.5 or more. */
export const STYLE = `:root {
  color-scheme: light dark;
  --paper: #f5f6f4; --card: #fff; --ink: #1b2226; --quiet: #59646b; --line: #dfe3e0; --track: #e6eae8;
  --accent: #0a6a68; --good: #17704a; --warn: #8a5300; --bad: #b3261e;
  --good-fill: #2a9d6f; --warn-fill: #d98a1a; --bad-fill: #d0453b; --share-fill: #4b8fa8;
  --good-tint: #e2f3ea; --warn-tint: #fbefd9; --bad-tint: #fbe6e3;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #12171a; --card: #1a2125; --ink: #e7ebec; --quiet: #9dabb1; --line: #2b353a; --track: #2a3439;
    --accent: #63cbc4; --good: #6fd3a4; --warn: #ebb866; --bad: #ff9389;
    --good-fill: #3fb284; --warn-fill: #d99a3a; --bad-fill: #e2655b; --share-fill: #5fa3bb;
    --good-tint: #16332a; --warn-tint: #362a15; --bad-tint: #3b201e;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; max-width: 70rem; padding: 1.75rem 1.5rem 3rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; font-variant-numeric: tabular-nums;
}
a { color: var(--accent); text-underline-offset: .2em; text-decoration-thickness: 1px; }
a:hover { text-decoration-thickness: 2px; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: 4px; }
h1, h2, h3, p, dl, dd { margin: 0; }
h1 { font-size: 1.25rem; font-weight: 650; letter-spacing: -.01em; }
h1 a { color: inherit; text-decoration: none; }
h2 { margin: 2.25rem 0 .75rem; font-size: 1.0625rem; font-weight: 650; }
h3 { font-size: 1rem; font-weight: 600; overflow-wrap: anywhere; }
q { quotes: none; font-family: ui-monospace, "SF Mono", Menlo, Consolas, monospace; font-size: .92em; overflow-wrap: anywhere; }
code { font: .875em/1.5 ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; overflow-wrap: anywhere; }
header { display: flex; flex-wrap: wrap; gap: 1rem 2rem; align-items: end; justify-content: space-between; }
.brand { display: grid; gap: .4rem; }
.state { display: inline-flex; align-items: center; gap: .5em; padding: .15rem .75rem .15rem .6rem; border-radius: 1rem; font-size: .875rem; font-weight: 550; overflow-wrap: anywhere; }
.state::before { content: ""; flex: none; width: .55em; height: .55em; border-radius: 50%; background: currentColor; }
.state.good { background: var(--good-tint); } .state.warn { background: var(--warn-tint); } .state.bad { background: var(--bad-tint); }
.good { color: var(--good); } .warn { color: var(--warn); } .bad { color: var(--bad); }
.search { flex: 0 1 27rem; min-width: min(100%, 17rem); }
.search label { display: block; margin-bottom: .25rem; font-size: .875rem; color: var(--quiet); }
.search div { display: flex; gap: .5rem; }
input, button { font: inherit; color: inherit; min-height: 2.5rem; border-radius: 8px; border: 1px solid var(--line); }
input { flex: 1; min-width: 0; padding: 0 .75rem; background: var(--card); border-color: color-mix(in srgb, var(--quiet) 70%, var(--card)); }
input::placeholder { color: var(--quiet); opacity: 1; }
button { padding: 0 1rem; background: var(--card); cursor: pointer; }
.search button { background: var(--accent); border-color: var(--accent); color: var(--card); font-weight: 600; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 12px; }
.cards { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fill, minmax(min(100%, 17rem), 1fr)); }
.cards .card { padding: 1.1rem 1.25rem 1.2rem; }
.big { margin-top: .15rem; color: var(--quiet); }
.big strong { font-size: 2.25rem; line-height: 1.2; font-weight: 600; letter-spacing: -.02em; color: var(--ink); }
.quiet { color: var(--quiet); font-size: .875rem; }
.note { margin-top: .6rem; padding: .3rem .6rem; border-radius: 6px; background: var(--warn-tint); color: var(--warn); font-size: .875rem; }
.cards meter { margin: .45rem 0 .6rem; height: .625rem; }
meter {
  -webkit-appearance: none; appearance: none; display: block; width: 100%; height: .375rem; border: 0; border-radius: 1rem;
  background: var(--track); overflow: hidden;
}
meter::-webkit-meter-inner-element { grid-template-rows: 0 [line1] 1fr [line2] 0; height: 100%; }
meter::-webkit-meter-bar { height: 100%; border: 0; border-radius: 1rem; background: var(--track); }
meter::-webkit-meter-optimum-value { border-radius: 1rem; background: var(--good-fill); }
meter.high::-webkit-meter-optimum-value { background: var(--warn-fill); }
meter.spent::-webkit-meter-optimum-value { background: var(--bad-fill); }
meter.share::-webkit-meter-optimum-value { background: var(--share-fill); }
meter::-moz-meter-bar { border-radius: 1rem; background: var(--good-fill); }
meter.high::-moz-meter-bar { background: var(--warn-fill); }
meter.spent::-moz-meter-bar { background: var(--bad-fill); }
meter.share::-moz-meter-bar { background: var(--share-fill); }
.pair { display: grid; gap: 1rem; align-items: start; grid-template-columns: 3fr 2fr; }
.empty { padding: 1rem 1.25rem; border: 1px dashed var(--line); border-radius: 12px; color: var(--quiet); }
table { width: 100%; border-collapse: collapse; }
caption { padding: .8rem 1.25rem .2rem; text-align: left; font-size: .9375rem; font-weight: 600; }
th, td { padding: .55rem .5rem; text-align: left; vertical-align: top; font-weight: 400; border-top: 1px solid var(--line); }
tbody th, .who { overflow-wrap: anywhere; }
tr > :first-child { padding-left: 1.25rem; } tr > :last-child { padding-right: 1.25rem; }
caption.unseen + thead th { padding-top: .75rem; }
tbody tr:last-child > * { padding-bottom: .8rem; }
thead th { border-top: 0; padding-block: .15rem .35rem; font-size: .8125rem; color: var(--quiet); }
.gauge { width: 9rem; font-size: .9375rem; } .gauge meter { margin: .55rem 0 .2rem; }
.when { white-space: nowrap; font-size: .9375rem; } .answer { font-size: .9375rem; } 
.facts { padding: .4rem 1.25rem; }
.facts div { display: grid; grid-template-columns: 9rem 1fr; gap: .25rem 1rem; padding: .5rem 0; border-bottom: 1px solid var(--line); }
.facts div:last-child { border: 0; }
dt { color: var(--quiet); font-size: .875rem; } dd { overflow-wrap: anywhere; }
#found > .quiet { margin: -.5rem 0 .75rem; }
#refusals > .quiet { margin-top: .5rem; }
footer { margin-top: 2.5rem; padding-top: 1.25rem; border-top: 1px solid var(--line); font-size: .9375rem; }
.about { display: grid; gap: .9rem 2rem; grid-template-columns: repeat(auto-fill, minmax(min(100%, 15rem), 1fr)); }
.fresh { margin-top: 1.25rem; color: var(--quiet); }
.lost .fresh { color: var(--bad); }
#pause { min-height: 2rem; margin-left: .5rem; padding: 0 .75rem; font-size: .875rem; }
#pause[aria-pressed="true"] { background: var(--accent); border-color: var(--accent); color: var(--card); }
.unseen { position: absolute; width: 1px; height: 1px; margin: 0; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
@media (max-width: 52rem) { .pair { grid-template-columns: 1fr; } }
@media (max-width: 34rem) {
  body { padding: 1.25rem 1rem 2rem; }
  .search { flex-basis: 100%; }
  caption { padding-inline: 1rem; }
  tr > :first-child { padding-left: 1rem; } tr > :last-child { padding-right: 1rem; }
  th, td { padding-inline: .375rem; } .gauge { width: 5rem; } .when { white-space: normal; }
  .when, .answer { font-size: .875rem; } .who { width: 50%; }
  .facts div { grid-template-columns: 1fr; }
}
@media (forced-colors: active) { meter { -webkit-appearance: auto; appearance: auto; } .state { border: 1px solid; } }
`;

/** The page's icon: a gauge. */
export const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" fill="#0a6a68"/><path d="M7 21a9 9 0 1 1 18 0" fill="none" stroke="#fff" stroke-opacity=".4" stroke-width="3.5" stroke-linecap="round"/><path d="M7 21a9 9 0 0 1 13-8" fill="none" stroke="#fff" stroke-width="3.5" stroke-linecap="round"/><circle cx="16" cy="21" r="2.5" fill="#fff"/></svg>
`;
