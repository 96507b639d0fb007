/** The rest: a queue, an aggregator that keeps the newest state of each row in Redis, a flush that writes batches. */
import { busName, replayRules } from './bus.ts';
import { allowRules, deadLetterQueue } from './dead-letter.ts';
import { flushMachine } from './flush.asl.ts';
import { bulkPattern } from './patterns.ts';
import { queueLink } from './queue-link.ts';
import { redisCluster, vpc } from './redis.ts';
import { salesforceClient, stripeApiKey } from './secrets.ts';
import { prefix, settings } from './stage.ts';
import { stateMachine } from './state-machine.ts';

const AGGREGATE_SECONDS = 60;
/** Lambda's rule: six times the function's time-out, and the window. */
const HIDDEN_SECONDS = 6 * AGGREGATE_SECONDS + 60;
/** A message that waits (for Redis, Stripe, its turn) costs a receive as well: as long as an urgent event waits, 3.5 hours. */
const RECEIVES = 30;
/** Five seconds gather enough under load; sixty would be the larger part of a quiet event's way. */
const WINDOW_SECONDS = 5;

export const bulkUndelivered = deadLetterQueue('BulkUndelivered');
export const bulkPoisoned = deadLetterQueue('BulkPoisoned');
/** Rows that were given up, whole. */
export const parkedRows = deadLetterQueue('BulkParked');

export const queue = new aws.sqs.Queue('Bulk', {
  name: `${prefix}-Bulk`,
  messageRetentionSeconds: 1_209_600,
  receiveWaitTimeSeconds: 20,
  sqsManagedSseEnabled: true,
  visibilityTimeoutSeconds: HIDDEN_SECONDS,
  redrivePolicy: $jsonStringify({ deadLetterTargetArn: bulkPoisoned.arn, maxReceiveCount: RECEIVES }),
});

/** For who hands events to the bulk lane by hand. */
export const bulkQueueLink = queueLink('BulkQueue', queue, 'send');

export const rule = new aws.cloudwatch.EventRule('BulkRule', {
  name: `${prefix}-bulk`,
  description: 'Events that nobody waits for',
  eventBusName: busName,
  eventPattern: JSON.stringify(bulkPattern),
});
new aws.cloudwatch.EventTarget('BulkTarget', {
  rule: rule.name,
  eventBusName: busName,
  arn: queue.arn,
  deadLetterConfig: { arn: bulkUndelivered.arn },
  retryPolicy: { maximumEventAgeInSeconds: 86_400, maximumRetryAttempts: 185 },
});
allowRules('Bulk', queue, [rule.arn, replayRules]);
allowRules('BulkUndelivered', bulkUndelivered, [rule.arn, replayRules]);

function flushStep(name: string, link: unknown[] = []): sst.aws.Function {
  return new sst.aws.Function(name === 'Settle' ? 'SettleBatch' : name, {
    handler: `packages/functions/src/bulk/${name.toLowerCase()}-lambda.handler`,
    timeout: '120 seconds',
    memory: '1024 MB',
    vpc,
    link: [redisCluster, salesforceClient, stripeApiKey, settings, ...link],
  });
}

const steps = {
  Take: flushStep('Take'),
  Write: flushStep('Write'),
  Await: flushStep('Await'),
  Read: flushStep('Read'),
  Settle: flushStep('Settle', [queueLink('BulkParkedQueue', parkedRows, 'send')]),
  Release: flushStep('Release'),
  Report: flushStep('Report'),
};

export const flush = stateMachine('Flush', flushMachine, steps);

const flushLink = new sst.Linkable('FlushMachine', {
  properties: { arn: flush.arn },
  include: [sst.aws.permission({ actions: ['states:StartExecution'], resources: [flush.arn] })],
});

export const aggregate = new sst.aws.Function('Aggregate', {
  handler: 'packages/functions/src/bulk/aggregate-lambda.handler',
  timeout: `${AGGREGATE_SECONDS} seconds`,
  memory: '1024 MB',
  vpc,
  link: [redisCluster, stripeApiKey, flushLink, settings, queueLink('GivenUpQueue', bulkPoisoned, 'send')],
  permissions: [
    {
      actions: ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ChangeMessageVisibility'],
      resources: [queue.arn],
    },
  ],
});

new aws.lambda.EventSourceMapping('BulkMapping', {
  eventSourceArn: queue.arn,
  functionName: aggregate.name,
  // Few enough that all can be read from Stripe in one run, ten at once.
  batchSize: 200,
  maximumBatchingWindowInSeconds: WINDOW_SECONDS,
  functionResponseTypes: ['ReportBatchItemFailures'],
  scalingConfig: { maximumConcurrency: 5 },
});

export const bulkFunctions = [
  { name: 'Aggregate', fn: aggregate },
  ...Object.entries(steps).map(([name, fn]) => ({ name: name === 'Settle' ? 'SettleBatch' : name, fn })),
];

/** Starts that the scheduler could not make; it sends them with its role. */
const missed = deadLetterQueue('FlushUnstarted');

const scheduleRole = new aws.iam.Role('FlushScheduleRole', {
  assumeRolePolicy: aws.iam.assumeRolePolicyForPrincipal({ Service: 'scheduler.amazonaws.com' }),
  inlinePolicies: [
    {
      name: 'start',
      policy: aws.iam.getPolicyDocumentOutput({
        statements: [
          { actions: ['states:StartExecution'], resources: [flush.arn] },
          { actions: ['sqs:SendMessage'], resources: [missed.arn] },
        ],
      }).json,
    },
  ],
});

new aws.scheduler.Schedule('FlushSchedule', {
  name: `${prefix}-flush`,
  description: 'Writes what the buffer holds, once a minute',
  scheduleExpression: 'rate(1 minute)',
  flexibleTimeWindow: { mode: 'OFF' },
  target: {
    arn: flush.arn,
    roleArn: scheduleRole.arn,
    // Parents before children, as in core's WRITE_ORDER.
    input: JSON.stringify({
      objects: [
        'Stripe_Customer__c',
        'Stripe_Subscription__c',
        'Payment_Transaction__c',
        'Pricing_Plan__c',
        'Pricing_Tier__c',
      ],
    }),
    // A start that was missed is made up for by the next minute.
    retryPolicy: { maximumRetryAttempts: 0, maximumEventAgeInSeconds: 60 },
    deadLetterConfig: { arn: missed.arn },
  },
});
