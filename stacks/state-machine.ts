/**
 * A Standard state machine from plain ASL data, with a role that may do what it does and no more. SST's own component
 * emits JSONata only and asks for `events:*` on everything.
 */
import { logRetentionInDays, prefix } from './stage.ts';

type Functions = Readonly<Record<string, sst.aws.Function>>;

/** `${Name}` in the definition becomes the ARN of `functions.Name`. */
export function stateMachine(name: string, definition: object, functions: Functions): aws.sfn.StateMachine {
  const arns = Object.values(functions).map((fn) => fn.arn);
  const role = new aws.iam.Role(`${name}Role`, {
    assumeRolePolicy: aws.iam.assumeRolePolicyForPrincipal({ Service: 'states.amazonaws.com' }),
    inlinePolicies: [
      {
        name: 'run',
        policy: aws.iam.getPolicyDocumentOutput({
          statements: [
            { actions: ['lambda:InvokeFunction'], resources: arns },
            // Log delivery and X-Ray know no narrower resource (docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html).
            {
              actions: [
                'logs:CreateLogDelivery',
                'logs:GetLogDelivery',
                'logs:UpdateLogDelivery',
                'logs:DeleteLogDelivery',
                'logs:ListLogDeliveries',
                'logs:PutResourcePolicy',
                'logs:DescribeResourcePolicies',
                'logs:DescribeLogGroups',
              ],
              resources: ['*'],
            },
            {
              actions: [
                'xray:PutTraceSegments',
                'xray:PutTelemetryRecords',
                'xray:GetSamplingRules',
                'xray:GetSamplingTargets',
              ],
              resources: ['*'],
            },
          ],
        }).json,
      },
    ],
  });
  const logs = new aws.cloudwatch.LogGroup(`${name}Logs`, {
    name: `/aws/vendedlogs/states/${prefix}-${name}`,
    retentionInDays: logRetentionInDays,
  });
  return new aws.sfn.StateMachine(name, {
    name: `${prefix}-${name}`,
    type: 'STANDARD',
    roleArn: role.arn,
    definition: $resolve(Object.fromEntries(Object.entries(functions).map(([key, fn]) => [key, fn.arn]))).apply(
      (resolved) =>
        JSON.stringify(definition).replace(/\$\{(\w+)\}/g, (placeholder, key: string) => resolved[key] ?? placeholder),
    ),
    // Executions carry customers' data; the console shows it to those who may see the execution, the logs do not.
    loggingConfiguration: { level: 'ERROR', includeExecutionData: false, logDestination: $interpolate`${logs.arn}:*` },
    tracingConfiguration: { enabled: true },
  });
}
