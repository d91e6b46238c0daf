import { readFileSync } from 'node:fs';

/** What the tests read of a panel. Rows are panels too, without targets. */
export interface ShippedPanel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly targets?: readonly { readonly expr: string; readonly legendFormat?: string; readonly exemplar?: boolean }[];
  readonly fieldConfig?: { readonly defaults: { readonly unit?: string } };
  readonly options?: { readonly legend?: { readonly showLegend: boolean } };
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
}

/** What the tests read of a dashboard. */
export interface ShippedDashboard {
  readonly uid: string;
  readonly title: string;
  readonly panels: readonly ShippedPanel[];
  readonly annotations: { readonly list: readonly { readonly name: string; readonly expr: string }[] };
  readonly templating: { readonly list: readonly { readonly name: string; readonly query: string }[] };
}

/** The dashboards that the repository has, by file, as Grafana would read them. */
export const shipped: ReadonlyMap<string, ShippedDashboard> = new Map(
  ['internals.json', 'overview.json'].map((file) => [file, JSON.parse(textOf(file)) as ShippedDashboard]),
);

/** A file as it is committed. */
export function textOf(file: string): string {
  return readFileSync(`deploy/grafana/dashboards/${file}`, 'utf8');
}

/** All that ask something: not rows. */
export function panelsOf({ panels }: ShippedDashboard): readonly ShippedPanel[] {
  return panels.filter(({ type }) => type !== 'row');
}
