import { createBus } from '../bus/bus.ts';
import { handleEvents } from '../bus/wire.ts';
import { createCloudWatch } from '../cloudwatch/cloudwatch.ts';
import { monitoringDialect } from '../cloudwatch/monitoring-wire.ts';
import { mappingsService } from '../lambda/mappings-wire.ts';
import { queuesDialect } from '../queues/query-dialect.ts';
import { type QueueConfig, startQueues } from '../queues/queues.ts';
import { createQueuesFront } from '../queues/wire.ts';
import { schedulesService } from '../schedule/wire.ts';
import { createSecrets } from '../secrets/secrets.ts';
import { handleSecrets } from '../secrets/wire.ts';
import type { Json } from '../states/definition.ts';
import { createMachines } from '../states/machines.ts';
import { handleStates } from '../states/wire.ts';
import type { AwsGuesses } from './guesses.ts';
import { identityDialect, identityService } from './identity.ts';
import { type Service, startAwsServer } from './server.ts';

export const ACCOUNT = '123456789012';
export const REGION = 'eu-west-1';
const PLACE = { account: ACCOUNT, region: REGION };
export const queueArn = (name: string): string => `arn:aws:sqs:${REGION}:${ACCOUNT}:${name}`;
export const MACHINE = `arn:aws:states:${REGION}:${ACCOUNT}:stateMachine:payments`;
export const SECRET = `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:signing-AbCdEf`;

const MAPPING = {
  queueArn: queueArn('bulk'),
  functionArn: `arn:aws:lambda:${REGION}:${ACCOUNT}:function:aggregate`,
  ...{ batchSize: 200, windowSeconds: 5, maximumConcurrency: 2, partialResponses: true },
};
const FLUSH = {
  ...{ name: 'a-flush', expression: 'rate(1 minute)', enabled: true, input: '{"objects":[]}' },
  ...{ targetArn: MACHINE, roleArn: `arn:aws:iam::${ACCOUNT}:role/start` },
  ...{ retryPolicy: { maximumEventAgeInSeconds: 60, maximumRetryAttempts: 0 }, deadLetterArn: queueArn('rule-dead') },
};
const NIGHTLY = {
  ...{ name: 'a-nightly', expression: 'cron(0 2 * * ? *)', enabled: false, input: null },
  ...{ targetArn: MACHINE, roleArn: FLUSH.roleArn, retryPolicy: null, deadLetterArn: null },
};

const queue = (name: string, deadLetterArn: string | null = null): QueueConfig => ({
  name,
  arn: queueArn(name),
  visibilityTimeoutSeconds: 30,
  messageRetentionSeconds: 3600,
  receiveWaitTimeSeconds: 0,
  redrive: deadLetterArn === null ? null : { deadLetterArn, maxReceiveCount: 5 },
});

const DEFINITION = {
  StartAt: 'Sync',
  States: {
    Sync: {
      Type: 'Task',
      Resource: 'arn:aws:states:::lambda:invoke',
      Parameters: { FunctionName: 'sync', 'Payload.$': '$' },
      OutputPath: '$.Payload',
      End: true,
    },
  },
};

/** Every service on one port; `invoke` is the Lambda behind the machine. */
export async function startEndpoint(
  options: { readonly invoke?: (payload: Json) => Promise<Json>; readonly guesses?: AwsGuesses } = {},
) {
  const { invoke = async (payload: Json) => payload, guesses = {} } = options;
  const now = () => Date.now();
  const queues = await startQueues(
    [queue('bulk', queueArn('bulk-dead')), queue('bulk-dead'), queue('rule-dead'), queue('elsewhere')],
    REGION,
  );
  const front = createQueuesFront({
    queues,
    account: ACCOUNT,
    region: REGION,
    now,
    sleep: async () => {},
    guesses: guesses.queues,
  });
  const cloudwatch = createCloudWatch({ account: ACCOUNT, region: REGION, now });
  const machines = createMachines({
    machines: [{ name: 'payments', arn: MACHINE, definition: JSON.stringify(DEFINITION) }],
    invoke: (_fn, payload) => cloudwatch.invocation('sync', () => invoke(payload)),
    onStatusChange: cloudwatch.execution,
    now,
    guesses: guesses.states,
  });
  const bus = createBus({
    account: ACCOUNT,
    region: REGION,
    clock: now,
    random: Math.random,
    schedule: (ms, task) => {
      const timer = setTimeout(task, ms);
      return () => clearTimeout(timer);
    },
    deliver: async ({ arn }, payload) => queues.send(arn, payload),
    deadLetter: async (arn, { body, attributes }) => queues.send(arn, body, attributes),
    onMetric: cloudwatch.busMetric,
    guesses: guesses.bus,
  });
  const secrets = createSecrets({ secrets: [{ name: 'signing', arn: SECRET }], now, guesses: guesses.secrets });
  const server = await startAwsServer({
    host: '127.0.0.1',
    port: 0,
    services: new Map<string, Service>([
      ...cloudwatch.services,
      ['AmazonSQS', front.service],
      [identityDialect.service, identityService(ACCOUNT)],
      ['AWSEvents', (operation, input) => handleEvents(bus, operation, input)],
      ['AWSStepFunctions', (operation, input) => handleStates(machines, operation, input)],
      ['secretsmanager', (operation, input) => handleSecrets(secrets, operation, input, PLACE)],
    ]),
    rest: [mappingsService([MAPPING]), schedulesService([FLUSH, NIGHTLY], PLACE)],
    dialects: new Map([
      ['2012-11-05', queuesDialect],
      ['2010-08-01', monitoringDialect],
      ['2011-06-15', identityDialect],
    ]),
    onError: (error) => {
      throw error;
    },
  });
  return {
    url: server.url,
    client: {
      endpoint: server.url,
      region: REGION,
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
      maxAttempts: 1,
    },
    queues,
    cloudwatch,
    secrets,
    machines,
    async close() {
      machines.close();
      await bus.stop();
      await front.close();
      await server.close();
      await queues.close();
    },
  };
}

export type Endpoint = Awaited<ReturnType<typeof startEndpoint>>;
