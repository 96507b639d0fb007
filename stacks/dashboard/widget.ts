/** The pieces of a CloudWatch dashboard (docs.aws.amazon.com: Dashboard Body Structure and Syntax). */
import type { DimensionsOf, MetricName } from '../../packages/core/src/metrics.ts';
import { METRICS, NAMESPACE } from '../../packages/core/src/metrics.ts';
import type { AwsMetric, AwsNamespace } from '../aws-metrics.ts';

type Text = $util.Input<string>;
type Stat = 'Sum' | 'Maximum' | 'p50' | 'p95' | 'p99';

/** One line of a chart, as CloudWatch writes it: namespace, name, dimension, value, …, options. */
export type Line = readonly (Text | { readonly stat: Stat; readonly label: string })[];

/** A line of ours; how it is read follows from its kind. */
export function ours<Name extends MetricName>(
  metric: Name,
  dimensions: Partial<DimensionsOf<Name>>,
  label: string,
  stat: Stat = METRICS[metric].kind === 'count' ? 'Sum' : METRICS[metric].kind === 'gauge' ? 'Maximum' : 'p95',
): Line {
  const said = Object.entries(dimensions).flatMap(([name, value]) => [name, String(value)]);
  return [NAMESPACE, metric, 'Stage', $app.stage, ...said, { stat, label }];
}

export function awsLine<Namespace extends AwsNamespace>(
  namespace: Namespace,
  metric: AwsMetric<Namespace>,
  dimensions: Readonly<Record<string, Text>>,
  label: string,
  stat: Stat = 'Sum',
): Line {
  return [namespace, metric, ...Object.entries(dimensions).flat(), { stat, label }];
}

export type Chart = {
  readonly title: string;
  readonly lines: readonly Line[];
  readonly stacked?: true;
  /** Where an alarm rings. */
  readonly rings?: number;
};

export type Row = { readonly heading: string; readonly charts: readonly Chart[] };

const COLUMNS = 24;
const CHART_HEIGHT = 6;
const MOST_IN_A_ROW = 4;

/** Rows from top to bottom, each with a line of text above its charts. */
export function dashboardBody(rows: readonly Row[]): object {
  const widgets: object[] = [];
  let y = 0;
  for (const { heading, charts } of rows) {
    widgets.push({ type: 'text', x: 0, y, width: COLUMNS, height: 1, properties: { markdown: `## ${heading}` } });
    y += 1;
    for (let from = 0; from < charts.length; from += MOST_IN_A_ROW) {
      const some = charts.slice(from, from + MOST_IN_A_ROW);
      const width = COLUMNS / some.length;
      widgets.push(...some.map((chart, index) => widget(chart, { x: index * width, y, width })));
      y += CHART_HEIGHT;
    }
  }
  // Not 'auto': a fixed period keeps sums comparable whatever range is looked at.
  return { start: '-PT6H', periodOverride: 'inherit', widgets };
}

function widget(
  { title, lines, stacked, rings }: Chart,
  place: { readonly x: number; readonly y: number; readonly width: number },
): object {
  return {
    type: 'metric',
    ...place,
    height: CHART_HEIGHT,
    properties: {
      title,
      region: aws.getRegionOutput().region,
      view: 'timeSeries',
      stacked: stacked === true,
      period: 60,
      metrics: lines,
      yAxis: { left: { min: 0 } },
      ...(rings === undefined ? {} : { annotations: { horizontal: [{ label: 'alarm', value: rings }] } }),
    },
  };
}
