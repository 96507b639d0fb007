/** Whether anybody reports a metric under exactly these dimensions: for the tests of alarms, dashboard and Coralogix. */
import { METRICS, type MetricRow, NAMESPACE } from '../packages/core/src/metrics.ts';
import { AWS_METRICS } from './aws-metrics.ts';

export type NamedMetric = {
  readonly namespace: string;
  readonly metric: string;
  readonly dimensions: Readonly<Record<string, string>>;
};

export function isReported({ namespace, metric, dimensions }: NamedMetric): boolean {
  const names = Object.keys(dimensions).sort().join();
  if (namespace !== NAMESPACE) {
    const known = Object.entries(AWS_METRICS).find(([name]) => name === namespace)?.[1];
    const metrics: readonly string[] = known?.metrics ?? [];
    return metrics.includes(metric) && known?.dimensions.some((set) => [...set].sort().join() === names) === true;
  }
  const row: MetricRow | undefined = Object.entries(METRICS).find(([name]) => name === metric)?.[1];
  if (row === undefined) return false;
  return (
    row.by.some((set) => ['Stage', ...set].sort().join() === names) &&
    Object.entries(dimensions).every(([name, value]) => {
      const values = row.dimensions[name];
      return name === 'Stage' || typeof values === 'string' || values?.includes(value) === true;
    })
  );
}
