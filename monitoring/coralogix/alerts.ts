import { ALARMS, type Alarm, type Watch } from '@payments/core/alarms';
import { awsOwn, ours } from './metric.ts';

/**
 * The alerts, in the form that Coralogix' API takes (`cx alerts create --from-file`). Those on our own metrics are the table
 * of alarms; on top come those on the queues, the machines and Redis, which AWS measures, and what only the log tells.
 */
export type Alert = { readonly file: string; readonly definition: object };

const PRIORITY = { critical: 'ALERT_DEF_PRIORITY_P1', warning: 'ALERT_DEF_PRIORITY_P3' } as const;

export function alerts(stage: string): readonly Alert[] {
  const table: Readonly<Record<string, Alarm>> = ALARMS;
  const measured = Object.entries(table).map(([name, alarm]) => metricAlert(name, stage, promql(alarm, stage), alarm));
  return [...measured, ...ofAws(stage), unlisted(stage)];
}

const CONDITIONS = {
  above: 'METRIC_THRESHOLD_CONDITION_TYPE_MORE_THAN_OR_UNSPECIFIED',
  from: 'METRIC_THRESHOLD_CONDITION_TYPE_MORE_THAN_OR_EQUALS',
  below: 'METRIC_THRESHOLD_CONDITION_TYPE_LESS_THAN',
} as const;

type What = Pick<Alarm, 'topic' | 'rings' | 'threshold' | 'impact' | 'runbook'> & {
  readonly every: number;
  readonly times: number;
  readonly silence: Alarm['silence'];
};

function metricAlert(name: string, stage: string, query: string, what: What): Alert {
  return alert(name, stage, what, {
    type: 'ALERT_DEF_TYPE_METRIC_THRESHOLD',
    metricThreshold: {
      metricFilter: { promql: query },
      rules: [
        {
          condition: {
            conditionType: CONDITIONS[what.rings],
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

function promql({ watch, every, rings, threshold, silence }: Alarm, stage: string): string {
  if ('percent' in watch) {
    const over = (metric: typeof watch.percent) => `sum(sum_over_time(${ours(metric, 'sum', { stage })}[${every}m]))`;
    return `100 * (${over(watch.percent)} or vector(0)) / clamp_min(${over(watch.of)}, ${watch.atLeast})`;
  }
  const series = (statistic: 'sum' | 'max' | 'p95') =>
    ours(watch.metric, statistic, { stage, dimensions: dimensionsOf(watch) });
  if (watch.statistic === 'p95') return `max(${series('p95')})`;
  const statistic = watch.statistic === 'Sum' ? 'sum' : 'max';
  const look = `${series(statistic)}[${every}m]`;
  const value = `${statistic}(${statistic}_over_time(${look}))`;
  if (silence === 'fine') return value;
  // Nothing is neither above nor below: without this term an alert would be quiet when the measuring has stopped.
  return `${value} or absent_over_time(${look}) * ${rings === 'below' ? threshold - 1 : threshold + 1}`;
}

function dimensionsOf(watch: Exclude<Watch, { percent: unknown }>): Record<string, string> {
  const said = Object.entries(watch.dimensions ?? {});
  return Object.fromEntries(said.flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])));
}

/** What AWS measures, as stacks/alarms/ has it: Coralogix sees queues, machines and nodes by the names of the stage. */
function ofAws(stage: string): readonly Alert[] {
  const rings = { rings: 'above', silence: 'fine' } as const;
  const letters =
    '(RealtimeUndelivered|BulkUndelivered|BulkPoisoned|BulkParked|FailedExecutions|UnroutedUndelivered|FailedExecutionsUndelivered)';
  const look = { topic: 'warning', ...rings, threshold: 0, every: 5, times: 1 } as const;
  return [
    metricAlert('DeadLetters', stage, messagesIn(letters, stage), {
      ...{ ...look, topic: 'critical', runbook: 'dead-letters' },
      impact: 'At least one change in Stripe is not in Salesforce and will not arrive by itself.',
    }),
    metricAlert('Unstarted', stage, messagesIn('.*Unstarted', stage), {
      ...{ ...look, runbook: 'dead-letters' },
      impact: 'A scheduled run could not be started: no data is lost, and the next run makes up for it.',
    }),
    metricAlert('Unrouted', stage, messagesIn('Unrouted', stage), {
      ...{ ...look, runbook: 'unrouted-events' },
      impact: 'Stripe tells us of something that nobody handles: no data is wrong, something may be missing.',
    }),
    metricAlert('BulkQueueDepth', stage, messagesIn('Bulk', stage, 1), {
      ...{ ...look, threshold: 1_000, every: 1, times: 5, runbook: 'bulk-lane-late' },
      impact: 'More changes arrive than are written; Salesforce falls behind.',
    }),
    metricAlert('ExecutionsFailed', stage, executionsEnded('(Payments|Subscriptions|Checkout)', stage), {
      ...{ ...look, topic: 'critical', runbook: 'failed-executions' },
      impact: 'An urgent change in Stripe did not reach Salesforce.',
    }),
    metricAlert('FlushExecutionsFailed', stage, executionsEnded('Flush', stage), {
      ...{ ...look, runbook: 'failed-executions' },
      impact: 'A batch could not be written; the next minute resumes it.',
    }),
    metricAlert('RedisMemory', stage, redisMemory(stage), {
      ...{ ...look, threshold: 75, every: 1, times: 3, runbook: 'redis' },
      impact: 'The buffer is filling up; when it is full, bulk changes wait in the queue.',
    }),
  ];
}

function messagesIn(names: string, stage: string, minutes = 5): string {
  const queues = `payments-${stage}-${names}`;
  const depth = awsOwn('AWS/SQS', 'ApproximateNumberOfMessagesVisible', 'max', 'QueueName', queues);
  return `sum(max_over_time(${depth}[${minutes}m]))`;
}

/** Failed or out of time. A machine of which neither was reported has not failed. */
function executionsEnded(names: string, stage: string): string {
  const machines = `arn:.*:stateMachine:payments-${stage}-${names}`;
  const badly = (['ExecutionsFailed', 'ExecutionsTimedOut'] as const).map((metric) => {
    const ended = awsOwn('AWS/States', metric, 'sum', 'StateMachineArn', machines);
    return `(sum(sum_over_time(${ended}[5m])) or vector(0))`;
  });
  return badly.join(' + ');
}

/** SST names the cluster after app (shortened where the whole would be too long), stage and itself, ElastiCache its nodes after it. */
function redisMemory(stage: string): string {
  const nodes = `[a-z]+-${stage}-rediscluster-.*`;
  const used = awsOwn('AWS/ElastiCache', 'DatabaseMemoryUsagePercentage', 'max', 'CacheClusterId', nodes);
  return `max(max_over_time(${used}[1m]))`;
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
