import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import {
  AnnotationQueryBuilder,
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  type Panel,
  RowBuilder,
  type VariableModel,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { DATASOURCE, datasourceVariable } from './variables.ts';

const TAG = 'cdnetworks-gateway';

/** A dashboard before it is laid out. */
export interface Plan {
  /** Part of its address. */
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly variables: readonly Builder<VariableModel>[];
  /** Marks on all curves, by name: whenever the expression has a series. */
  readonly marks: Readonly<Record<string, string>>;
  /** Panels by the title of their row. */
  readonly rows: Readonly<Record<string, readonly Builder<Panel>[]>>;
}

/** Lays panels out in rows, and numbers them. */
export function layOut({ uid, title, description, variables, marks, rows }: Plan): Dashboard {
  const dashboard = new DashboardBuilder(`CDNetworks gateway: ${title}`)
    .uid(uid)
    .description(description)
    .tags([TAG])
    .time({ from: 'now-1h', to: 'now' })
    .refresh('30s')
    .tooltip(DashboardCursorSync.Crosshair)
    .link(
      new DashboardLinkBuilder('CDNetworks gateway')
        .type(DashboardLinkType.Dashboards)
        .tags([TAG])
        .includeVars(true)
        .keepTime(true),
    )
    .variables([datasourceVariable(), ...variables]);
  for (const [name, expr] of Object.entries(marks)) {
    dashboard.annotation(
      new AnnotationQueryBuilder().name(name).datasource(DATASOURCE).enable(true).iconColor('purple').expr(expr),
    );
  }
  for (const [row, panels] of Object.entries(rows)) {
    dashboard.withRow(new RowBuilder(row));
    for (const panel of panels) dashboard.withPanel(panel);
  }
  const built = dashboard.build();
  for (const [index, panel] of (built.panels ?? []).entries()) panel.id = index + 1;
  return built;
}
