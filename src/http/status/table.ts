import { type Html, html } from './html.ts';

/** A table that a narrow screen can hold. Where a heading says the same already, `titled`, its caption is for screen readers. */
export function table(
  caption: string,
  { heads, rows, titled = false }: { heads: readonly string[]; rows: readonly Html[]; titled?: boolean },
): Html {
  return html`<div class="card"><table>
<caption class="${titled && 'unseen'}">${caption}</caption>
<thead><tr>${heads.map((head) => html`<th scope="col">${head}</th>`)}</tr></thead>
<tbody>${rows}</tbody>
</table></div>`;
}
