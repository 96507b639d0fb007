import { type MetricName, NAMESPACE } from '@payments/core/metrics';
import type { Metric } from '../adapters/metrics.ts';
import type { Deployment } from '../deployment/deployment.ts';

/** One of ours, under the set of dimensions that core's table publishes it by. */
export function ours(
  { stage }: Pick<Deployment, 'stage'>,
  name: MetricName,
  stat: Metric['stat'],
  dimensions: Readonly<Record<string, string>> = {},
): Metric {
  return { namespace: NAMESPACE, name, stat, dimensions: { Stage: stage, ...dimensions } };
}
