/** What runs by the clock or for an operator and not by an event: one small Lambda each, from packages/functions/src/operations/. */

import { aggregate, bulkPoisoned, bulkQueueLink, rule as bulkRule, bulkUndelivered, parkedRows } from './bulk.ts';
import { archive, bus, busArn } from './bus.ts';
import { deadLetterQueue } from './dead-letter.ts';
import { ingress } from './ingress.ts';
import { queueLink } from './queue-link.ts';
import { claim, failedExecutions, machines, realtimeMachines, realtimeUndelivered } from './realtime.ts';
import { redisAuthSecretArn, redisCluster, vpc } from './redis.ts';
import { inKebab, OPERATIONS, type Operation } from './schedules.ts';
import { salesforceClient, secretArns, stripeApiKey } from './secrets.ts';
import { prefix, settings } from './stage.ts';
import { ARCHIVE_DAYS, ONE_TRY } from './waiting.ts';

type What = {
  readonly description: string;
  /** Less than the time between two runs (schedules.ts), so that they never meet. */
  readonly seconds: number;
  readonly memory?: '512 MB' | '1024 MB';
  /** Settings are linked always. With Redis among the links the function runs in the VPC. */
  readonly link: readonly unknown[];
};

const made: { readonly name: string; readonly fn: sst.aws.Function }[] = [];

/** Every function made here, for the alarms that all functions have. */
export function operationFunctions(): readonly { readonly name: string; readonly fn: sst.aws.Function }[] {
  return made;
}

/** Starts that the scheduler could not make, of every schedule here; the message says which. */
const missed = deadLetterQueue('OperationsUnstarted');

/** `Redrive` runs packages/functions/src/operations/redrive-lambda.ts; `AbcDef` would run abc-def-lambda.ts. */
export function operation(name: Operation, what: What): sst.aws.Function {
  const file = inKebab(name);
  const { every, off } = OPERATIONS[name];
  const fn = new sst.aws.Function(name, {
    handler: `packages/functions/src/operations/${file}-lambda.handler`,
    timeout: `${what.seconds} seconds`,
    memory: what.memory ?? '512 MB',
    // The next run makes up for one that failed.
    retries: 0,
    ...(what.link.includes(redisCluster) ? { vpc } : {}),
    link: [settings, ...what.link],
  });
  const role = new aws.iam.Role(`${name}ScheduleRole`, {
    assumeRolePolicy: aws.iam.assumeRolePolicyForPrincipal({ Service: 'scheduler.amazonaws.com' }),
    inlinePolicies: [
      {
        name: 'start',
        policy: aws.iam.getPolicyDocumentOutput({
          statements: [
            { actions: ['lambda:InvokeFunction'], resources: [fn.arn] },
            { actions: ['sqs:SendMessage'], resources: [missed.arn] },
          ],
        }).json,
      },
    ],
  });
  new aws.scheduler.Schedule(`${name}Schedule`, {
    name: `${prefix}-${file}`,
    description: what.description,
    scheduleExpression: every,
    state: off ? 'DISABLED' : 'ENABLED',
    flexibleTimeWindow: { mode: 'OFF' },
    target: {
      arn: fn.arn,
      roleArn: role.arn,
      retryPolicy: ONE_TRY,
      deadLetterConfig: { arn: missed.arn },
    },
  });
  made.push({ name, fn });
  return fn;
}

const bulkPoisonedQueue = queueLink('BulkPoisonedQueue', bulkPoisoned);
const failedExecutionsQueue = queueLink('FailedExecutionsQueue', failedExecutions);
const parkedRowsQueue = queueLink('ParkedRowsQueue', parkedRows);

operation('Redrive', {
  description: 'Starts anew what failed because of an outage',
  seconds: 55,
  memory: '1024 MB',
  link: [
    ...[redisCluster, salesforceClient, realtimeMachines, bulkQueueLink, failedExecutionsQueue, parkedRowsQueue],
    queueLink('RealtimeUndeliveredQueue', realtimeUndelivered),
    queueLink('BulkUndeliveredQueue', bulkUndelivered),
    bulkPoisonedQueue,
  ],
});

operation('Measure', {
  description: 'Tells CloudWatch how buffer and API budget stand',
  seconds: 30,
  link: [redisCluster],
});

operation('SecretAges', {
  description: 'Tells CloudWatch how old the secrets are',
  seconds: 30,
  link: [secretArns($dev ? {} : { Redis: redisAuthSecretArn })],
});

/** Our own replays only, of our own archive; EventBridge asks for both, the archive and the replay. */
const ruleArns = [...machines.map(({ rule }) => rule.arn), bulkRule.arn];
const replayPrefix = `${prefix}-recover-`;
const ourReplays = busArn.apply((arn) => `${arn.split(':event-bus/')[0]}:replay/${replayPrefix}*`);
const archiveLink = new sst.Linkable('Archive', {
  properties: { name: archive.name, arn: archive.arn, retentionDays: ARCHIVE_DAYS, busArn, ruleArns, replayPrefix },
  include: [
    sst.aws.permission({ actions: ['events:DescribeArchive'], resources: [archive.arn] }),
    sst.aws.permission({ actions: ['events:StartReplay'], resources: [archive.arn, ourReplays] }),
    sst.aws.permission({ actions: ['events:DescribeReplay'], resources: [ourReplays] }),
  ],
});

operation('Recover', {
  description: 'Replays the archive when Redis has lost its data',
  seconds: 55,
  link: [redisCluster, salesforceClient, archiveLink],
});

const groupOf = (fn: sst.aws.Function) =>
  fn.nodes.logGroup.apply((group) => ({ name: group?.name ?? '', arn: group?.arn ?? '' }));
const logs = { Ingress: groupOf(ingress), Claim: groupOf(claim), Aggregate: groupOf(aggregate) };
const acceptedLog = new sst.Linkable('AcceptedLog', {
  properties: { Ingress: logs.Ingress.name, Claim: logs.Claim.name, Aggregate: logs.Aggregate.name },
  include: [
    sst.aws.permission({
      actions: ['logs:FilterLogEvents'],
      resources: Object.values(logs).map(({ arn }) => $interpolate`${arn}:*`),
    }),
  ],
});
const archiveAge = new sst.Linkable('ArchiveAge', {
  properties: { name: archive.name },
  include: [sst.aws.permission({ actions: ['events:DescribeArchive'], resources: [archive.arn] })],
});

operation('Sweep', {
  description: 'Feeds what Stripe has and nobody here has accepted',
  seconds: 300,
  memory: '1024 MB',
  link: [redisCluster, stripeApiKey, bus, archiveAge, acceptedLog],
});

operation('Reconcile', {
  description: 'Compares what Stripe and Salesforce have, and tells what differs',
  seconds: 900,
  memory: '1024 MB',
  link: [redisCluster, stripeApiKey, salesforceClient],
});

operation('RetryFailures', {
  description: 'Tries again what somebody in Salesforce has set to Retrying',
  seconds: 120,
  link: [
    ...[redisCluster, salesforceClient, realtimeMachines, bulkQueueLink],
    ...[failedExecutionsQueue, parkedRowsQueue, bulkPoisonedQueue],
  ],
});

// Invoked by name, by people: payments-ops does not reach Redis, which is in the VPC.
const operator = new sst.aws.Function('Operator', {
  name: `${prefix}-OperatorFunction`,
  handler: 'packages/functions/src/operations/operator-lambda.handler',
  timeout: '30 seconds',
  vpc,
  link: [settings, redisCluster],
});
made.push({ name: 'Operator', fn: operator });
