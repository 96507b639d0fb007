/** Urgent events: a rule and a Standard machine per family, four functions that they share. */

import { bulkQueueLink } from './bulk.ts';
import { busName, replayRules } from './bus.ts';
import { allowRules, deadLetterQueue } from './dead-letter.ts';
import { failedPattern, MACHINES, realtimePattern } from './patterns.ts';
import { realtimeMachine } from './realtime.asl.ts';
import { redisCluster, vpc } from './redis.ts';
import { salesforceClient, stripeApiKey } from './secrets.ts';
import { prefix, settings } from './stage.ts';
import { stateMachine } from './state-machine.ts';
import { PATIENT_TRIES, URGENT_TRIES } from './waiting.ts';

function step(name: string, link: unknown[]): sst.aws.Function {
  return new sst.aws.Function(name, {
    handler: `packages/functions/src/realtime/${name.toLowerCase()}-lambda.handler`,
    timeout: '30 seconds',
    vpc,
    link: [redisCluster, settings, ...link],
  });
}

const functions = {
  // What can wait goes to the bulk queue when calls run short.
  Claim: step('Claim', [bulkQueueLink]),
  Sync: step('Sync', [salesforceClient, stripeApiKey]),
  Settle: step('Settle', []),
  Park: step('Park', [salesforceClient]),
};

export const claim = functions.Claim;
export const realtimeFunctions = Object.entries(functions).map(([name, fn]) => ({ name, fn }));

export const realtimeUndelivered = deadLetterQueue('RealtimeUndelivered');

export const machines = MACHINES.map((family) => {
  const name = `${family[0]?.toUpperCase()}${family.slice(1)}`;
  const machine = stateMachine(name, realtimeMachine, functions);
  const start = new aws.iam.Role(`${name}StartRole`, {
    assumeRolePolicy: aws.iam.assumeRolePolicyForPrincipal({ Service: 'events.amazonaws.com' }),
    inlinePolicies: [
      {
        name: 'start',
        policy: aws.iam.getPolicyDocumentOutput({
          statements: [{ actions: ['states:StartExecution'], resources: [machine.arn] }],
        }).json,
      },
    ],
  });
  const rule = new aws.cloudwatch.EventRule(`${name}Rule`, {
    name: `${prefix}-${family}`,
    description: `Urgent events of ${family}`,
    eventBusName: busName,
    eventPattern: JSON.stringify(realtimePattern(family)),
  });
  new aws.cloudwatch.EventTarget(`${name}Target`, {
    rule: rule.name,
    eventBusName: busName,
    arn: machine.arn,
    roleArn: start.arn,
    deadLetterConfig: { arn: realtimeUndelivered.arn },
    retryPolicy: URGENT_TRIES,
  });
  return { name, machine, rule };
});

const machineArns = machines.map(({ machine }) => machine.arn);

/** For whoever starts an execution anew: the three machines, and the input of what ran. */
export const realtimeMachines = new sst.Linkable('RealtimeMachines', {
  properties: { arns: machineArns },
  include: [
    sst.aws.permission({ actions: ['states:StartExecution'], resources: machineArns }),
    sst.aws.permission({
      actions: ['states:DescribeExecution'],
      resources: machineArns.map(
        (arn) => $interpolate`${arn.apply((text) => text.replace(':stateMachine:', ':execution:'))}:*`,
      ),
    }),
  ],
});

allowRules('RealtimeUndelivered', realtimeUndelivered, [...machines.map(({ rule }) => rule.arn), replayRules]);

/** Executions that ended badly, with their input: what `Parked` means for an operator. */
export const failedExecutions = deadLetterQueue('FailedExecutions');
export const failedRule = new aws.cloudwatch.EventRule('FailedExecutionsRule', {
  name: `${prefix}-failed-executions`,
  description: 'Executions of our machines that failed, timed out or were stopped',
  eventPattern: $resolve(machineArns).apply((arns) => JSON.stringify(failedPattern(arns))),
});
const failedUndelivered = deadLetterQueue('FailedExecutionsUndelivered');
new aws.cloudwatch.EventTarget('FailedExecutionsTarget', {
  rule: failedRule.name,
  arn: failedExecutions.arn,
  deadLetterConfig: { arn: failedUndelivered.arn },
  retryPolicy: PATIENT_TRIES,
});
allowRules('FailedExecutions', failedExecutions, [failedRule.arn]);
allowRules('FailedExecutionsUndelivered', failedUndelivered, [failedRule.arn]);
