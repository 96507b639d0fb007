import { METRICS, type MetricName, type MetricRow, NAMESPACE } from '@payments/core/metrics';

/**
 * CloudWatch's metrics as Coralogix has them. The metric stream names them `amazonaws.com/<namespace>/<name>` (AWS:
 * "Translations with OpenTelemetry 0.7.0 format"), PromQL with underscores, each dimension a label. A datum is a summary:
 * `_sum`, `_count` and quantiles; Coralogix' integration "WithAggregations" adds `_max`, `_min` and `_avg`.
 */
export type Statistic = 'sum' | 'count' | 'max' | 'p50' | 'p95' | 'p99';

const QUANTILE = { p50: '0.5', p95: '0.95', p99: '0.99' } as const;

/**
 * One of our metrics under exactly these dimensions: all of its series have one name, so that the dimensions that are not
 * said have to be said to be absent.
 */
export function ours(
  metric: MetricName,
  statistic: Statistic,
  where: { readonly stage: string; readonly dimensions?: Readonly<Record<string, string>>; readonly by?: string },
): string {
  const row: MetricRow = METRICS[metric];
  const { stage, dimensions = {}, by } = where;
  const labels = [`Stage="${stage}"`];
  for (const name of Object.keys(row.dimensions)) {
    const value = dimensions[name];
    if (value !== undefined) labels.push(`${name}="${value}"`);
    else if (name === by) labels.push(`${name}!=""`);
    else labels.push(`${name}=""`);
  }
  return selector(NAMESPACE, metric, statistic, labels);
}

/** One of AWS's own, of all resources whose name begins with the stage's prefix. */
export function awsOwn(
  namespace: string,
  metric: string,
  statistic: Statistic,
  label: string,
  pattern: string,
): string {
  return selector(namespace, metric, statistic, [`${label}=~"${pattern}"`]);
}

function selector(namespace: string, metric: string, statistic: Statistic, labels: readonly string[]): string {
  const name = `amazonaws_com_${namespace}_${metric}`.replace(/[^A-Za-z0-9_]/g, '_');
  const quantile = statistic === 'p50' || statistic === 'p95' || statistic === 'p99' ? QUANTILE[statistic] : null;
  if (quantile !== null) return `${name}{${[...labels, `quantile="${quantile}"`].join(', ')}}`;
  return `${name}_${statistic}{${labels.join(', ')}}`;
}
