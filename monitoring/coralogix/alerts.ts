import { ALARMS, type Alarm, type Watch } from '@payments/core/alarms';
import { awsOwn, ours } from './metric.ts';

/**
 * The alerts, in the form that Coralogix' API takes (`cx alerts create --from-file`). Those on our own metrics are the table
 * of alarms; on top come dead letters, and what only the log tells.
 */
export type Alert = { readonly file: string; readonly definition: object };

const PRIORITY = { critical: 'ALERT_DEF_PRIORITY_P1', warning: 'ALERT_DEF_PRIORITY_P3' } as const;

export function alerts(stage: string): readonly Alert[] {
  const table: Readonly<Record<string, Alarm>> = ALARMS;
  const measured = Object.entries(table).map(([name, alarm]) => metricAlert(name, stage, promql(alarm, stage), alarm));
  return [...measured, deadLetters(stage), unstarted(stage), unlisted(stage)];
}

type What = Pick<Alarm, 'topic' | 'rings' | 'threshold' | 'impact' | 'runbook'> & {
  readonly every: number;
  readonly times: number;
  readonly silence: Alarm['silence'];
};

function metricAlert(name: string, stage: string, query: string, what: What): Alert {
  const conditionType =
    what.rings === 'above'
      ? 'METRIC_THRESHOLD_CONDITION_TYPE_MORE_THAN_OR_UNSPECIFIED'
      : 'METRIC_THRESHOLD_CONDITION_TYPE_LESS_THAN';
  return alert(name, stage, what, {
    type: 'ALERT_DEF_TYPE_METRIC_THRESHOLD',
    metricThreshold: {
      metricFilter: { promql: query },
      rules: [
        {
          condition: {
            conditionType,
            threshold: what.threshold,
            ofTheLast: { dynamicDuration: `${Math.max(what.every * what.times, 1)}m` },
            forOverPct: 100,
          },
        },
      ],
      missingValues: { replaceWithZero: what.silence === 'bad' && what.rings === 'below', minNonNullValuesPct: 0 },
    },
  });
}

function alert(
  name: string,
  stage: string,
  { topic, impact, runbook }: Pick<What, 'topic' | 'impact' | 'runbook'>,
  kind: object,
): Alert {
  return {
    file: `${name}.json`,
    definition: {
      alertDefProperties: {
        name: `payments-${stage}-${name}`,
        description: `${impact} Runbook: docs/runbook.md#${runbook}`,
        enabled: true,
        priority: PRIORITY[topic],
        entityLabels: { service: 'payments', stage },
        ...kind,
      },
    },
  };
}

function promql({ watch, every }: Alarm, stage: string): string {
  if ('percent' in watch) {
    const over = (metric: typeof watch.percent) => `sum(sum_over_time(${ours(metric, 'sum', { stage })}[${every}m]))`;
    return `100 * (${over(watch.percent)} or vector(0)) / clamp_min(${over(watch.of)}, ${watch.atLeast})`;
  }
  const series = (statistic: 'sum' | 'max' | 'p95') =>
    ours(watch.metric, statistic, { stage, dimensions: dimensionsOf(watch) });
  if (watch.statistic === 'Sum') return `sum(sum_over_time(${series('sum')}[${every}m]))`;
  if (watch.statistic === 'Maximum') return `max(max_over_time(${series('max')}[${every}m]))`;
  return `max(${series('p95')})`;
}

function dimensionsOf(watch: Exclude<Watch, { percent: unknown }>): Record<string, string> {
  const said = Object.entries(watch.dimensions ?? {});
  return Object.fromEntries(said.flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])));
}

/** The queues are AWS's; Coralogix sees them by name. */
function deadLetters(stage: string): Alert {
  const names = '(RealtimeUndelivered|BulkUndelivered|BulkPoisoned|BulkParked|FailedExecutions|.*Undelivered)';
  return metricAlert('DeadLetters', stage, messagesIn(names, stage), {
    ...{ topic: 'critical', rings: 'above', threshold: 0, every: 5, times: 1, silence: 'fine' },
    impact: 'At least one change in Stripe is not in Salesforce and will not arrive by itself.',
    runbook: 'dead-letters',
  });
}

function unstarted(stage: string): Alert {
  return metricAlert('Unstarted', stage, messagesIn('.*Unstarted', stage), {
    ...{ topic: 'warning', rings: 'above', threshold: 0, every: 5, times: 1, silence: 'fine' },
    impact: 'A scheduled run could not be started: no data is lost, and the next run makes up for it.',
    runbook: 'dead-letters',
  });
}

function messagesIn(names: string, stage: string): string {
  const queues = `payments-${stage}-${names}`;
  const depth = awsOwn('AWS/SQS', 'ApproximateNumberOfMessagesVisible', 'max', 'QueueName', queues);
  return `sum(max_over_time(${depth}[5m]))`;
}

/** What no person sees anywhere else is written at CRITICAL (packages/core/src/log-lines.ts). */
function unlisted(stage: string): Alert {
  const is = (value: string) => [{ operation: 'LOG_FILTER_OPERATION_TYPE_IS_OR_UNSPECIFIED', value }];
  return alert(
    'CriticalLine',
    stage,
    {
      topic: 'critical',
      impact: 'Something failed that nobody sees in Salesforce: it is in the log and in a dead-letter queue only.',
      runbook: 'dead-letters',
    },
    {
      type: 'ALERT_DEF_TYPE_LOGS_IMMEDIATE_OR_UNSPECIFIED',
      logsImmediate: {
        logsFilter: {
          simpleFilter: {
            luceneQuery: 'level:"CRITICAL"',
            labelFilters: { applicationName: is('payments'), subsystemName: is(stage) },
          },
        },
      },
    },
  );
}
