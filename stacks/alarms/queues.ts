/** Something lies in a queue of last resort, or too much in the bulk queue. */
import { queue } from '../bulk.ts';
import { deadLetterQueues } from '../dead-letter.ts';
import { alarm, said } from './alarm.ts';

/** Queues of which `Redrive` takes what an outage put there. */
const REDRIVEN = ['RealtimeUndelivered', 'FailedExecutions', 'BulkUndelivered', 'BulkPoisoned', 'BulkParked'];

/** What a message in the queue means for people. */
function meaningOf(name: string): Parameters<typeof said>[1] {
  if (name === 'Unrouted') {
    return {
      topic: 'warning',
      impact: 'Stripe tells us of something that nobody handles: no data is wrong, something may be missing.',
      runbook: 'unrouted-events',
    };
  }
  // A start of the clock, made up for by the next one. Should none succeed, FlushLate rings.
  if (name.endsWith('Unstarted')) {
    return {
      topic: 'warning',
      impact: 'A scheduled run could not be started: no data is lost, and the next run makes up for it.',
      runbook: 'dead-letters',
    };
  }
  return {
    topic: 'critical',
    impact: REDRIVEN.includes(name)
      ? 'At least one change in Stripe is not in Salesforce; unless an outage was the reason it will not arrive by itself.'
      : 'At least one change in Stripe is not in Salesforce and will not arrive by itself.',
    runbook: 'dead-letters',
  };
}

for (const { name, queue: deadLetters } of deadLetterQueues()) {
  const messages = (id: string, metricName: string) => ({
    id,
    metric: {
      ...{ namespace: 'AWS/SQS', metricName, dimensions: { QueueName: deadLetters.name } },
      ...{ stat: 'Maximum', period: 60 },
    },
  });
  new aws.cloudwatch.MetricAlarm(`${name}Alarm`, {
    ...said(name, meaningOf(name)),
    // Whoever reads the queue hides its messages for a moment: that must not end the alarm and begin it again.
    metricQueries: [
      { id: 'all', expression: 'FILL(visible, 0) + FILL(hidden, 0)', label: 'messages', returnData: true },
      messages('visible', 'ApproximateNumberOfMessagesVisible'),
      messages('hidden', 'ApproximateNumberOfMessagesNotVisible'),
    ],
    evaluationPeriods: 1,
    comparisonOperator: 'GreaterThanThreshold',
    threshold: 0,
    treatMissingData: 'notBreaching',
  });
}

alarm('BulkQueueAge', {
  topic: 'warning',
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
  topic: 'warning',
  namespace: 'AWS/SQS',
  metric: 'ApproximateNumberOfMessagesVisible',
  dimensions: { QueueName: queue.name },
  statistic: 'Maximum',
  above: 1_000,
  minutes: 5,
  impact: 'More changes arrive than are written; Salesforce falls behind.',
  runbook: 'bulk-lane-late',
});
