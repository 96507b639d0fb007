import { GetSecretValueCommand, PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import {
  DescribeExecutionCommand,
  GetExecutionHistoryCommand,
  ListExecutionsCommand,
  ListStateMachinesCommand,
  RedriveExecutionCommand,
  SFNClient,
  StartExecutionCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import { GetQueueUrlCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Queues, startQueues } from '../queues/queues.ts';
import { createQueuesFront } from '../queues/wire.ts';
import { createSecrets } from '../secrets/secrets.ts';
import { handleSecrets } from '../secrets/wire.ts';
import { createMachines, type Machines } from '../states/machines.ts';
import { handleStates } from '../states/wire.ts';
import { type AwsServer, type Service, startAwsServer } from './server.ts';

const MACHINE = 'arn:aws:states:us-east-1:123456789012:stateMachine:payments';
const QUEUE = 'arn:aws:sqs:us-east-1:123456789012:dead';
const SECRET = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:signing-AbCdEf';
const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };

describe('the AWS endpoint, spoken to by the AWS SDK', () => {
  let server: AwsServer;
  let queues: Queues;
  let machines: Machines;
  let sfn: SFNClient;
  let secretsManager: SecretsManagerClient;
  let broken = false;

  beforeAll(async () => {
    queues = await startQueues(
      [
        {
          name: 'dead',
          arn: QUEUE,
          visibilityTimeoutSeconds: 30,
          messageRetentionSeconds: 3600,
          receiveWaitTimeSeconds: 0,
          redrive: null,
        },
      ],
      'us-east-1',
    );
    machines = createMachines({
      machines: [
        {
          name: 'payments',
          arn: MACHINE,
          definition: JSON.stringify({
            StartAt: 'Sync',
            States: {
              Sync: {
                Type: 'Task',
                Resource: 'arn:aws:states:::lambda:invoke',
                Parameters: { FunctionName: 'sync', 'Payload.$': '$' },
                End: true,
              },
            },
          }),
        },
      ],
      invoke: async (_fn, payload) => {
        if (payload === 'wait') return new Promise(() => {});
        if (broken) throw Object.assign(new Error('later'), { name: 'RetryLater' });
        return { outcome: 'written' };
      },
      onStatusChange: () => {},
      now: () => Date.now(),
    });
    const front = createQueuesFront({
      queues,
      account: '123456789012',
      region: 'us-east-1',
      now: () => Date.now(),
      sleep: async () => {},
    });
    const secrets = createSecrets({ secrets: [{ name: 'signing', arn: SECRET }], now: () => Date.now() });
    server = await startAwsServer({
      host: '127.0.0.1',
      port: 0,
      services: new Map<string, Service>([
        ['AmazonSQS', front.service],
        ['AWSStepFunctions', (operation, input) => handleStates(machines, operation, input)],
        ['secretsmanager', (operation, input) => handleSecrets(secrets, operation, input)],
      ]),
      onError: (error) => {
        throw error;
      },
    });
    const config = { endpoint: server.url, region: 'us-east-1', credentials };
    sfn = new SFNClient(config);
    secretsManager = new SecretsManagerClient(config);
  });
  afterAll(async () => {
    machines.close();
    await server.close();
    await queues.close();
  });

  const finish = async (executionArn: string | undefined): Promise<string | undefined> => {
    const { status } = await sfn.send(new DescribeExecutionCommand({ executionArn }));
    return status;
  };

  it('starts, lists and describes executions, and tells their history in AWS names', async () => {
    const { executionArn } = await sfn.send(
      new StartExecutionCommand({ stateMachineArn: MACHINE, input: '{"id":"evt_1"}', name: 'first' }),
    );
    await expect.poll(() => finish(executionArn)).toBe('SUCCEEDED');
    const described = await sfn.send(new DescribeExecutionCommand({ executionArn }));
    expect(JSON.parse(described.output ?? '')).toMatchObject({ Payload: { outcome: 'written' } });
    const { executions } = await sfn.send(
      new ListExecutionsCommand({ stateMachineArn: MACHINE, statusFilter: 'SUCCEEDED' }),
    );
    expect(executions?.map(({ name }) => name)).toContain('first');
    const { events } = await sfn.send(new GetExecutionHistoryCommand({ executionArn }));
    expect(events?.map(({ type }) => type)).toEqual([
      'ExecutionStarted',
      'TaskStateEntered',
      'TaskScheduled',
      'TaskStarted',
      'TaskSucceeded',
      'TaskStateExited',
      'ExecutionSucceeded',
    ]);
    expect(
      (await sfn.send(new ListStateMachinesCommand({}))).stateMachines?.map(({ stateMachineArn }) => stateMachineArn),
    ).toEqual([MACHINE]);
  });

  it('redrives a failed execution', async () => {
    broken = true;
    const { executionArn } = await sfn.send(new StartExecutionCommand({ stateMachineArn: MACHINE, input: '{}' }));
    await expect.poll(() => finish(executionArn)).toBe('FAILED');
    broken = false;
    await sfn.send(new RedriveExecutionCommand({ executionArn }));
    await expect.poll(() => finish(executionArn)).toBe('SUCCEEDED');
    const found = async (redriveFilter: 'REDRIVEN' | 'NOT_REDRIVEN') => {
      const list = new ListExecutionsCommand({ stateMachineArn: MACHINE, redriveFilter });
      return (await sfn.send(list)).executions?.map((execution) => execution.executionArn);
    };
    expect(await found('REDRIVEN')).toEqual([executionArn]);
    expect(await found('NOT_REDRIVEN')).not.toContain(executionArn);
    const meta = await sfn.send(new DescribeExecutionCommand({ executionArn, includedData: 'METADATA_ONLY' }));
    expect([meta.input, meta.output, meta.inputDetails]).toEqual([undefined, undefined, { included: false }]);
  });

  it('pages histories, the newest event first when asked to', async () => {
    const { executionArn } = await sfn.send(new StartExecutionCommand({ stateMachineArn: MACHINE, input: '{}' }));
    await expect.poll(() => finish(executionArn)).toBe('SUCCEEDED');
    const ids: (number | undefined)[] = [];
    let nextToken: string | undefined;
    do {
      const page = new GetExecutionHistoryCommand({ executionArn, reverseOrder: true, maxResults: 3, nextToken });
      const answer = await sfn.send(page);
      ids.push(...(answer.events ?? []).map(({ id }) => id));
      nextToken = answer.nextToken;
    } while (nextToken !== undefined);
    expect(ids).toEqual([7, 6, 5, 4, 3, 2, 1]);
    const broken = new GetExecutionHistoryCommand({ executionArn, nextToken: 'bm9uZQ' });
    await expect(sfn.send(broken)).rejects.toMatchObject({ name: 'InvalidToken' });
  });

  it("answers wrong calls with the service's own error", async () => {
    await expect(sfn.send(new DescribeExecutionCommand({ executionArn: `${MACHINE}:nobody` }))).rejects.toMatchObject({
      name: 'ExecutionDoesNotExist',
    });
    await expect(sfn.send(new StartExecutionCommand({ stateMachineArn: 'payments' }))).rejects.toMatchObject({
      name: 'InvalidArn',
    });
    await expect(
      sfn.send(new StartExecutionCommand({ stateMachineArn: 'arn:aws:states:us-east-1:1:stateMachine:x' })),
    ).rejects.toMatchObject({ name: 'StateMachineDoesNotExist' });
    await expect(secretsManager.send(new GetSecretValueCommand({ SecretId: 'nothing' }))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
  });

  it('stops an execution with the reason given', async () => {
    const { executionArn } = await sfn.send(new StartExecutionCommand({ stateMachineArn: MACHINE, input: '"wait"' }));
    await sfn.send(new StopExecutionCommand({ executionArn, error: 'Operator', cause: 'enough' }));
    expect(await sfn.send(new DescribeExecutionCommand({ executionArn }))).toMatchObject({
      status: 'ABORTED',
      error: 'Operator',
      cause: 'enough',
    });
  });

  it('keeps the previous secret value under AWSPREVIOUS', async () => {
    await secretsManager.send(new PutSecretValueCommand({ SecretId: SECRET, SecretString: 'one' }));
    await secretsManager.send(new PutSecretValueCommand({ SecretId: 'signing', SecretString: 'two' }));
    expect((await secretsManager.send(new GetSecretValueCommand({ SecretId: SECRET }))).SecretString).toBe('two');
    expect(
      (await secretsManager.send(new GetSecretValueCommand({ SecretId: SECRET, VersionStage: 'AWSPREVIOUS' })))
        .SecretString,
    ).toBe('one');
  });

  it('hands SQS requests to the queues behind it', async () => {
    const sqs = new SQSClient({ endpoint: server.url, region: 'us-east-1', credentials, useQueueUrlAsEndpoint: false });
    queues.send(QUEUE, 'parked', { ERROR_CODE: 'NO_PERMISSIONS' });
    const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: 'dead' }));
    const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MessageAttributeNames: ['All'] }));
    expect(Messages?.[0]).toMatchObject({
      Body: 'parked',
      MessageAttributes: { ERROR_CODE: { StringValue: 'NO_PERMISSIONS' } },
    });
  });
});
