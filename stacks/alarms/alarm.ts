/** An alarm on one of AWS's metrics. Its text says what it means for people and where to read on. */
import type { AwsMetric, AwsNamespace } from '../aws-metrics.ts';
import { prefix } from '../stage.ts';
import { topics } from './topics.ts';

type Alarm<Namespace extends AwsNamespace> = {
  readonly topic: 'critical' | 'warning';
  readonly namespace: Namespace;
  readonly metric: AwsMetric<Namespace>;
  readonly dimensions: Readonly<Record<string, $util.Input<string>>>;
  readonly statistic: 'Sum' | 'Maximum';
  readonly above: number;
  /** For how many minutes in a row. */
  readonly minutes?: number;
  /** What it means for people who are no engineers. */
  readonly impact: string;
  /** Heading in docs/runbook.md. */
  readonly runbook: string;
};

export function alarm<Namespace extends AwsNamespace>(name: string, what: Alarm<Namespace>): void {
  new aws.cloudwatch.MetricAlarm(`${name}Alarm`, {
    ...said(name, what),
    namespace: what.namespace,
    metricName: what.metric,
    dimensions: what.dimensions,
    statistic: what.statistic,
    period: 60,
    evaluationPeriods: what.minutes ?? 1,
    comparisonOperator: 'GreaterThanThreshold',
    threshold: what.above,
    treatMissingData: 'notBreaching',
  });
}

/** Name, text and receivers, the same for every alarm. */
export function said(
  name: string,
  what: { readonly topic: 'critical' | 'warning'; readonly impact: string; readonly runbook: string },
) {
  const topic = topics[what.topic].arn;
  return {
    name: `${prefix}-${name}`,
    alarmDescription: `${what.impact} Runbook: docs/runbook.md#${what.runbook}`,
    alarmActions: [topic],
    okActions: [topic],
  };
}
