/** Where a message can wait or die there is an alarm; each says what it means for people and where to read on. */

import { bulkFunctions, rule as bulkRule, flush, queue } from './bulk.ts';
import { busName, unroutedRules } from './bus.ts';
import { deadLetterQueues } from './dead-letter.ts';
import { apiId, ingress, webhookUrl } from './ingress.ts';
import { operationFunctions } from './operations.ts';
import { failedRule, machines, realtimeFunctions } from './realtime.ts';
import { nodeIds } from './redis.ts';
import { prefix } from './stage.ts';

// Without the key `alias/aws/sns`: its policy shuts out CloudWatch, whose alarms would then never arrive
// (repost.aws/knowledge-center/cloudwatch-configure-alarm-sns). An alarm says nothing about a person.
export const critical = new aws.sns.Topic('Critical', { name: `${prefix}-critical` });
export const warning = new aws.sns.Topic('Warning', { name: `${prefix}-warning` });

/** Every rule with the dimensions under which EventBridge counts it. */
const rules: readonly { readonly name: string; readonly dimensions: Readonly<Record<string, $util.Input<string>>> }[] =
  [
    ...[...unroutedRules, ...machines, { name: 'Bulk', rule: bulkRule }].map(({ name, rule }) => ({
      name,
      dimensions: { EventBusName: busName, RuleName: rule.name },
    })),
    { name: 'FailedExecutions', dimensions: { RuleName: failedRule.name } },
  ];

type Alarm = {
  readonly topic: aws.sns.Topic;
  readonly namespace: string;
  readonly metric: string;
  readonly dimensions?: Readonly<Record<string, $util.Input<string>>>;
  readonly statistic: 'Sum' | 'Maximum' | 'Average';
  readonly above: number;
  readonly minutes?: number;
  /** What it means for people who are no engineers. */
  readonly impact: string;
  /** Heading in docs/runbook.md. */
  readonly runbook: string;
};

function alarm(name: string, what: Alarm): void {
  new aws.cloudwatch.MetricAlarm(`${name}Alarm`, {
    name: `${prefix}-${name}`,
    alarmDescription: `${what.impact} Runbook: docs/runbook.md#${what.runbook}`,
    namespace: what.namespace,
    metricName: what.metric,
    dimensions: what.dimensions ?? {},
    statistic: what.statistic,
    period: 60,
    evaluationPeriods: what.minutes ?? 1,
    comparisonOperator: 'GreaterThanThreshold',
    threshold: what.above,
    treatMissingData: 'notBreaching',
    alarmActions: [what.topic.arn],
    okActions: [what.topic.arn],
  });
}

for (const { name, queue: deadLetters } of deadLetterQueues()) {
  alarm(name, {
    topic: name === 'Unrouted' ? warning : critical,
    namespace: 'AWS/SQS',
    metric: 'ApproximateNumberOfMessagesVisible',
    dimensions: { QueueName: deadLetters.name },
    statistic: 'Maximum',
    above: 0,
    impact:
      name === 'Unrouted'
        ? 'Stripe tells us of something that nobody handles: no data is wrong, something may be missing.'
        : 'At least one change in Stripe is not in Salesforce and will not arrive by itself.',
    runbook: name === 'Unrouted' ? 'unrouted-events' : 'dead-letters',
  });
}

// EventBridge reports these by rule; a rule of another bus than the default one is named together with its bus.
for (const { name, dimensions } of rules) {
  alarm(`${name}UndeliverableDeadLetters`, {
    topic: critical,
    namespace: 'AWS/Events',
    metric: 'InvocationsFailedToBeSentToDlq',
    dimensions,
    statistic: 'Sum',
    above: 0,
    impact: 'An event could be neither delivered nor kept: only the archive still has it.',
    runbook: 'events-lost-by-the-bus',
  });
  alarm(`${name}FailedInvocations`, {
    topic: warning,
    namespace: 'AWS/Events',
    metric: 'FailedInvocations',
    dimensions,
    statistic: 'Sum',
    above: 0,
    impact: 'The bus gave up delivering an event; it is a dead letter.',
    runbook: 'bus-deliveries-failing',
  });
}
alarm('BulkQueueAge', {
  topic: warning,
  namespace: 'AWS/SQS',
  metric: 'ApproximateAgeOfOldestMessage',
  dimensions: { QueueName: queue.name },
  statistic: 'Maximum',
  above: 600,
  minutes: 3,
  impact: 'Changes that nobody waits for are more than ten minutes late in Salesforce.',
  runbook: 'bulk-lane-late',
});
alarm('BulkQueueDepth', {
  topic: warning,
  namespace: 'AWS/SQS',
  metric: 'ApproximateNumberOfMessagesVisible',
  dimensions: { QueueName: queue.name },
  statistic: 'Maximum',
  above: 1_000,
  minutes: 5,
  impact: 'More changes arrive than are written; Salesforce falls behind.',
  runbook: 'bulk-lane-late',
});
for (const { name, machine } of [...machines, { name: 'Flush', machine: flush }]) {
  for (const metric of ['ExecutionsFailed', 'ExecutionsTimedOut', 'ExecutionThrottled']) {
    alarm(`${name}${metric}`, {
      topic: metric === 'ExecutionThrottled' || name === 'Flush' ? warning : critical,
      namespace: 'AWS/States',
      metric,
      dimensions: { StateMachineArn: machine.arn },
      statistic: 'Sum',
      above: 0,
      impact:
        name === 'Flush'
          ? 'A batch could not be written; the next minute resumes it.'
          : 'An urgent change in Stripe did not reach Salesforce.',
      runbook: 'failed-executions',
    });
  }
}
for (const { name, fn } of [
  { name: 'Ingress', fn: ingress },
  ...realtimeFunctions,
  ...bulkFunctions,
  ...operationFunctions(),
]) {
  alarm(`${name}Throttles`, {
    topic: warning,
    namespace: 'AWS/Lambda',
    metric: 'Throttles',
    dimensions: { FunctionName: fn.name },
    statistic: 'Sum',
    above: 0,
    minutes: 5,
    impact: 'More work arrives than the function may do at once; it waits.',
    runbook: 'functions-throttled',
  });
  alarm(`${name}Errors`, {
    topic: warning,
    namespace: 'AWS/Lambda',
    metric: 'Errors',
    dimensions: { FunctionName: fn.name },
    statistic: 'Sum',
    above: 5,
    minutes: 5,
    impact: 'A step keeps failing; its retries may run out.',
    runbook: 'functions-failing',
  });
}
alarm('WebhookServerErrors', {
  topic: critical,
  namespace: 'AWS/ApiGateway',
  metric: '5xx',
  dimensions: { ApiId: apiId },
  statistic: 'Sum',
  above: 5,
  minutes: 5,
  impact: 'Stripe cannot deliver; it retries for three days, and customers wait meanwhile.',
  runbook: 'webhooks-refused',
});
// ElastiCache reports by node, not by replication group. There is none in `sst dev`.
for (const [index, CacheClusterId] of nodeIds.entries()) {
  for (const [metric, above, impact] of [
    ['DatabaseMemoryUsagePercentage', 75, 'The buffer is filling up; when it is full, bulk changes wait in the queue.'],
    ['Evictions', 0, 'Redis forgets keys, which it is told never to do.'],
    ['EngineCPUUtilization', 80, 'Redis is busy; claims and budget checks slow down.'],
    ['ReplicationLag', 5, 'A failover now would lose the last seconds of the buffer; the archive still has them.'],
  ] as const) {
    alarm(`Redis${index + 1}${metric}`, {
      topic: metric === 'Evictions' ? critical : warning,
      namespace: 'AWS/ElastiCache',
      metric,
      dimensions: { CacheClusterId },
      statistic: 'Maximum',
      above,
      minutes: 3,
      impact,
      runbook: 'redis',
    });
  }
}

export const outputs = { webhook: webhookUrl };
