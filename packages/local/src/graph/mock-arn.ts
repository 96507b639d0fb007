/** The account and region of the local runner, and ARNs as AWS would give them. */
export const ACCOUNT = '123456789012';
export const REGION = 'us-east-1';

const SERVICE: ReadonlyMap<string, string> = new Map([
  ['cloudwatch/eventBus', 'events'],
  ['cloudwatch/eventRule', 'events'],
  ['cloudwatch/eventArchive', 'events'],
  ['cloudwatch/logGroup', 'logs'],
  ['sqs/queue', 'sqs'],
  ['lambda/function', 'lambda'],
  ['sfn/stateMachine', 'states'],
  ['secretsmanager/secret', 'secretsmanager'],
]);

const RESOURCE: ReadonlyMap<string, (name: string) => string> = new Map([
  ['cloudwatch/eventBus', (name) => `event-bus/${name}`],
  ['cloudwatch/eventRule', (name) => `rule/${name}`],
  ['cloudwatch/eventArchive', (name) => `archive/${name}`],
  ['cloudwatch/logGroup', (name) => `log-group:${name}`],
  ['sqs/queue', (name) => name],
  ['lambda/function', (name) => `function:${name}`],
  ['sfn/stateMachine', (name) => `stateMachine:${name}`],
  // Secrets Manager adds six characters of its own.
  ['secretsmanager/secret', (name) => `secret:${name}-AbCdEf`],
]);

/** `type` is Pulumi's, e.g. `aws:sqs/queue:Queue`. `busName`: of a rule, whose ARN names its bus unless that is the default one. */
export function arnOf(type: string, name: string, busName?: unknown): string {
  const kind = type.split(':')[1] ?? type;
  const service = SERVICE.get(kind) ?? kind.split('/')[0] ?? kind;
  const onBus = kind === 'cloudwatch/eventRule' && typeof busName === 'string' && busName !== 'default';
  const resource = RESOURCE.get(kind)?.(onBus ? `${busName}/${name}` : name) ?? `${kind.split('/')[1] ?? kind}/${name}`;
  return `arn:aws:${service}:${REGION}:${ACCOUNT}:${resource}`;
}
