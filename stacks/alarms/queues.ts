/** Something lies in a queue of last resort, or too much in the bulk queue. */
import { queue } from '../bulk.ts';
import { deadLetterQueues } from '../dead-letter.ts';
import { alarm } from './alarm.ts';

for (const { name, queue: deadLetters } of deadLetterQueues()) {
  const unrouted = name === 'Unrouted';
  alarm(name, {
    topic: unrouted ? 'warning' : 'critical',
    namespace: 'AWS/SQS',
    metric: 'ApproximateNumberOfMessagesVisible',
    dimensions: { QueueName: deadLetters.name },
    statistic: 'Maximum',
    above: 0,
    impact: unrouted
      ? 'Stripe tells us of something that nobody handles: no data is wrong, something may be missing.'
      : 'At least one change in Stripe is not in Salesforce and will not arrive by itself.',
    runbook: unrouted ? 'unrouted-events' : 'dead-letters',
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
