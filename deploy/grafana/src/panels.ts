import { PanelBuilder as BarGauge } from '@grafana/grafana-foundation-sdk/bargauge';
import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import {
  BigValueGraphMode,
  BigValueTextMode,
  GraphThresholdsStyleConfigBuilder,
  GraphThresholdsStyleMode,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  SortOrder,
  StackingConfigBuilder,
  StackingMode,
  TooltipDisplayMode,
  VizLegendOptionsBuilder,
  VizOrientation,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import { type Panel, ThresholdsConfigBuilder, ThresholdsMode } from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as Stat } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as TimeSeries } from '@grafana/grafana-foundation-sdk/timeseries';
import { DATASOURCE } from './variables.ts';

/** What a panel asks, and how it is drawn. Each has all that a reader needs to understand it alone. */
export interface Question {
  readonly title: string;
  /** What it answers, in a sentence or two. */
  readonly answers: string;
  /** One of `@grafana/grafana-foundation-sdk/units`. */
  readonly unit: string;
  /** Expressions by the name of their series, in which `{{label}}` stands for a label's value. */
  readonly asks: Readonly<Record<string, string>>;
  /** Of 24 columns. */
  readonly width: number;
  /** Values from which it is yellow, then red; red first where less is worse. */
  readonly thresholds?: { readonly yellow: number; readonly red: number };
  /** Points that lead to single calls; only counters and histograms of requests have them. */
  readonly exemplars?: true;
  readonly stacked?: true;
  /** What is shown where there is no series, if that has a meaning. */
  readonly none?: string;
}

const HEIGHT = 8;

/** Draws curves. */
export function curves(question: Question): Builder<Panel> {
  const panel = new TimeSeries()
    .legend(legend())
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending))
    .fillOpacity(question.stacked ? 30 : 8)
    .min(0);
  if (question.stacked) panel.stacking(new StackingConfigBuilder().mode(StackingMode.Normal));
  if (question.thresholds) {
    panel.thresholdsStyle(new GraphThresholdsStyleConfigBuilder().mode(GraphThresholdsStyleMode.Dashed));
  }
  return asked(panel, question, targetsOf(question));
}

/** Draws a bar for each series as it stands now. */
export function bars(question: Question & { readonly max?: number }): Builder<Panel> {
  const panel = new BarGauge().legend(legend()).orientation(VizOrientation.Horizontal).reduceOptions(last()).min(0);
  if (question.max !== undefined) panel.max(question.max);
  return asked(panel, question, targetsOf(question, 'now'));
}

/** Writes a figure for each series as it stands now. */
export function figures(question: Question): Builder<Panel> {
  const panel = new Stat()
    .reduceOptions(last())
    .graphMode(BigValueGraphMode.None)
    .textMode(BigValueTextMode.ValueAndName)
    .orientation(VizOrientation.Auto);
  return asked(panel, question, targetsOf(question, 'now'));
}

function asked<Kind extends TimeSeries | BarGauge | Stat>(
  panel: Kind,
  { title, answers, unit, width, thresholds, none }: Question,
  targets: DataqueryBuilder[],
): Kind {
  panel.title(title).description(answers).unit(unit).datasource(DATASOURCE).span(width).height(HEIGHT);
  for (const target of targets) panel.withTarget(target);
  if (none !== undefined) panel.noValue(none);
  if (thresholds !== undefined) panel.thresholds(thresholdsOf(thresholds));
  return panel;
}

function targetsOf({ asks, exemplars }: Question, when?: 'now'): DataqueryBuilder[] {
  return Object.entries(asks).map(([name, expr], index) => {
    const target = new DataqueryBuilder()
      .refId(String.fromCharCode('A'.charCodeAt(0) + index))
      .datasource(DATASOURCE)
      .expr(expr)
      .legendFormat(name);
    if (exemplars) target.exemplar(true);
    return when === 'now' ? target.instant() : target.range();
  });
}

function thresholdsOf({ yellow, red }: { yellow: number; red: number }): ThresholdsConfigBuilder {
  const [base, first, second] = yellow < red ? ['green', 'yellow', 'red'] : ['red', 'yellow', 'green'];
  return new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps([
    { value: null, color: base },
    { value: Math.min(yellow, red), color: first },
    { value: Math.max(yellow, red), color: second },
  ]);
}

function last(): ReduceDataOptionsBuilder {
  return new ReduceDataOptionsBuilder().calcs(['lastNotNull']).values(false);
}

function legend(): VizLegendOptionsBuilder {
  return new VizLegendOptionsBuilder()
    .displayMode(LegendDisplayMode.Table)
    .placement(LegendPlacement.Bottom)
    .showLegend(true)
    .calcs(['lastNotNull', 'max']);
}
