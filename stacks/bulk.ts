/** The rest: a queue, an aggregator that keeps the newest state of each row in Redis, a flush that writes batches. */
import { busName, replayRules } from './bus.ts';
import { allowRules, deadLetterQueue } from './dead-letter.ts';
import { flushMachine } from './flush.asl.ts';
import { bulkPattern } from './patterns.ts';
import { queueLink } from './queue-link.ts';
import { redisCluster, vpc } from './redis.ts';
import { FLUSH_EVERY, FLUSH_INPUT } from './schedules.ts';
import { salesforceClient, stripeApiKey } from './secrets.ts';
import { prefix, settings } from './stage.ts';
import { stateMachine } from './state-machine.ts';
import { BULK, KEPT_SECONDS, ONE_TRY, PATIENT_TRIES } from './waiting.ts';

export const bulkUndelivered = deadLetterQueue('BulkUndelivered');
export const bulkPoisoned = deadLetterQueue('BulkPoisoned');
/** Rows that were given up, whole. */
export const parkedRows = deadLetterQueue('BulkParked');

export const queue = new aws.sqs.Queue('Bulk', {
  name: `${prefix}-Bulk`,
  messageRetentionSeconds: KEPT_SECONDS,
  receiveWaitTimeSeconds: 20,
  sqsManagedSseEnabled: true,
  visibilityTimeoutSeconds: BULK.hiddenSeconds,
  redrivePolicy: $jsonStringify({ deadLetterTargetArn: bulkPoisoned.arn, maxReceiveCount: BULK.receives }),
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
  retryPolicy: PATIENT_TRIES,
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
  timeout: `${BULK.aggregateSeconds} seconds`,
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
  batchSize: BULK.batchSize,
  maximumBatchingWindowInSeconds: BULK.windowSeconds,
  functionResponseTypes: ['ReportBatchItemFailures'],
  scalingConfig: { maximumConcurrency: BULK.concurrency },
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
  scheduleExpression: FLUSH_EVERY,
  flexibleTimeWindow: { mode: 'OFF' },
  target: {
    arn: flush.arn,
    roleArn: scheduleRole.arn,
    input: JSON.stringify(FLUSH_INPUT),
    retryPolicy: ONE_TRY,
    deadLetterConfig: { arn: missed.arn },
  },
});
