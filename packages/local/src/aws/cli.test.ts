import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AWS_CLI } from './aws-cli.fixture.ts';
import { ACCOUNT, type Endpoint, MACHINE, queueArn, REGION, SECRET, startEndpoint } from './endpoint.fixture.ts';

const run = promisify(execFile);

describe.skipIf(AWS_CLI === '')("Debian's aws command line", { timeout: 60_000 }, () => {
  let endpoint: Endpoint;
  const env = {
    PATH: process.env.PATH,
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_DEFAULT_REGION: REGION,
    AWS_CONFIG_FILE: '/dev/null',
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_MAX_ATTEMPTS: '1',
  };
  const aws = async (...args: string[]) => {
    const { stdout } = await run(AWS_CLI, ['--endpoint-url', endpoint.url, ...args, '--output', 'json'], { env });
    return stdout === '' ? undefined : JSON.parse(stdout);
  };
  beforeAll(async () => {
    endpoint = await startEndpoint({
      invoke: async (payload) => {
        if (payload === 'broken') throw Object.assign(new Error('FIELD_X'), { name: 'NeverRetry' });
        return payload;
      },
    });
  });
  afterAll(() => endpoint.close());

  it('sends, receives and deletes SQS messages with attributes', async () => {
    const { QueueUrl } = await aws('sqs', 'get-queue-url', '--queue-name', 'bulk');
    expect(QueueUrl).toBe(`${endpoint.url}/${ACCOUNT}/bulk`);
    const body = '{"text":"<a> & \\"b\\"\r\n"}';
    const attributes = '{"KEY":{"DataType":"String","StringValue":"v&w"}}';
    const send = ['sqs', 'send-message', '--queue-url', QueueUrl];
    await aws(...send, '--message-body', body, '--message-attributes', attributes);
    const receive = ['sqs', 'receive-message', '--queue-url', QueueUrl, '--message-attribute-names', 'All'];
    const { Messages } = await aws(...receive, '--attribute-names', 'All', '--max-number-of-messages', '10');
    expect(Messages).toMatchObject([
      {
        Body: body,
        Attributes: { ApproximateReceiveCount: '1' },
        MessageAttributes: { KEY: { StringValue: 'v&w', DataType: 'String' } },
      },
    ]);
    const [{ ReceiptHandle }] = Messages;
    const entries = JSON.stringify([{ Id: 'a', ReceiptHandle }]);
    expect(await aws('sqs', 'delete-message-batch', '--queue-url', QueueUrl, '--entries', entries)).toEqual({
      Successful: [{ Id: 'a' }],
    });
    expect(endpoint.queues.depth(queueArn('bulk'))).toEqual({ ready: 0, delayed: 0, inFlight: 0, oldestSentAt: null });
    expect(await aws(...receive)).toBeUndefined();
  });

  it('puts an event that a rule hands to a queue', async () => {
    await aws('events', 'put-rule', '--name', 'shop', '--event-pattern', '{"source":["shop"]}');
    await aws('events', 'put-targets', '--rule', 'shop', '--targets', `Id=q,Arn=${queueArn('elsewhere')}`);
    const entries = JSON.stringify([{ Source: 'shop', DetailType: 'order', Detail: '{"n":1}' }]);
    expect(await aws('events', 'put-events', '--entries', entries)).toMatchObject({ FailedEntryCount: 0 });
    const url = `${endpoint.url}/${ACCOUNT}/elsewhere`;
    const { Messages } = await aws('sqs', 'receive-message', '--queue-url', url, '--wait-time-seconds', '5');
    expect(JSON.parse(Messages[0].Body)).toMatchObject({ source: 'shop', detail: { n: 1 } });
  });

  it('lists queues, their attributes and the sources of a dead-letter queue', async () => {
    expect((await aws('sqs', 'list-queues')).QueueUrls).toContain(`${endpoint.url}/${ACCOUNT}/rule-dead`);
    const url = `${endpoint.url}/${ACCOUNT}/bulk-dead`;
    const { Attributes } = await aws(
      'sqs',
      'get-queue-attributes',
      '--queue-url',
      url,
      '--attribute-names',
      'QueueArn',
      'ApproximateNumberOfMessages',
    );
    expect(Attributes).toEqual({ QueueArn: queueArn('bulk-dead'), ApproximateNumberOfMessages: '0' });
    expect(await aws('sqs', 'list-dead-letter-source-queues', '--queue-url', url)).toEqual({
      queueUrls: [`${endpoint.url}/${ACCOUNT}/bulk`],
    });
  });

  it('starts an execution, lists it and reads its history', async () => {
    const start = ['stepfunctions', 'start-execution', '--state-machine-arn', MACHINE];
    const { executionArn } = await aws(...start, '--name', 'by-hand', '--input', '"broken"');
    await expect.poll(() => endpoint.machines.execution(executionArn).status).toBe('FAILED');
    const list = ['stepfunctions', 'list-executions', '--state-machine-arn', MACHINE];
    expect((await aws(...list, '--status-filter', 'FAILED')).executions).toMatchObject([{ name: 'by-hand' }]);
    const { events } = await aws('stepfunctions', 'get-execution-history', '--execution-arn', executionArn);
    expect(events.map(({ type }: { type: string }) => type)).toEqual([
      'ExecutionStarted',
      'TaskStateEntered',
      'TaskScheduled',
      'TaskStarted',
      'TaskFailed',
      'ExecutionFailed',
    ]);
    expect(events[4].taskFailedEventDetails).toMatchObject({ error: 'NeverRetry', resourceType: 'lambda' });
  });

  it('lists who takes from a queue', async () => {
    const list = ['lambda', 'list-event-source-mappings', '--event-source-arn'];
    expect(await aws(...list, queueArn('bulk'))).toEqual({
      EventSourceMappings: [
        expect.objectContaining({ EventSourceArn: queueArn('bulk'), State: 'Enabled', BatchSize: 200 }),
      ],
    });
    expect(await aws(...list, queueArn('elsewhere'))).toEqual({ EventSourceMappings: [] });
  });

  it('reads a schedule, and hears that another is not there', async () => {
    const get = ['scheduler', 'get-schedule', '--name'];
    expect(await aws(...get, 'a-flush')).toMatchObject({
      Name: 'a-flush',
      ScheduleExpression: 'rate(1 minute)',
      State: 'ENABLED',
      Target: { Arn: MACHINE, Input: '{"objects":[]}', DeadLetterConfig: { Arn: queueArn('rule-dead') } },
    });
    await expect(aws(...get, 'a-hourly')).rejects.toThrow('ResourceNotFoundException');
  });

  it('reads a secret by name, and the one before', async () => {
    endpoint.secrets.put('signing', 'one');
    endpoint.secrets.put('signing', 'two');
    const get = ['secretsmanager', 'get-secret-value', '--secret-id'];
    expect(await aws(...get, 'signing')).toMatchObject({ ARN: SECRET, SecretString: 'two' });
    expect(await aws(...get, SECRET, '--version-stage', 'AWSPREVIOUS')).toMatchObject({ SecretString: 'one' });
  });

  it('finds log lines and the metrics in them', async () => {
    const at = Date.now();
    const directives = [{ Namespace: 'Payments', Dimensions: [['lane']], Metrics: [{ Name: 'Lag' }] }];
    const line = { _aws: { Timestamp: at, CloudWatchMetrics: directives }, lane: 'bulk', Lag: 7, level: 'INFO' };
    endpoint.cloudwatch.line({ functionName: 'sync', line: JSON.stringify(line), at });
    const filter = ['logs', 'filter-log-events', '--log-group-name', '/aws/lambda/sync'];
    const { events } = await aws(...filter, '--filter-pattern', '{ $.lane = "bulk" }');
    expect(events).toMatchObject([{ timestamp: at, logStreamName: 'local' }]);
    const metric = { Namespace: 'Payments', MetricName: 'Lag', Dimensions: [{ Name: 'lane', Value: 'bulk' }] };
    const queries = JSON.stringify([{ Id: 'lag', MetricStat: { Metric: metric, Period: 60, Stat: 'Maximum' } }]);
    const time = (ms: number) => new Date(ms).toISOString();
    const get = ['cloudwatch', 'get-metric-data', '--start-time', time(at - 60_000), '--end-time', time(at + 60_000)];
    expect((await aws(...get, '--metric-data-queries', queries)).MetricDataResults).toMatchObject([
      { Id: 'lag', Values: [7], StatusCode: 'Complete' },
    ]);
    expect((await aws('cloudwatch', 'list-metrics', '--namespace', 'Payments')).Metrics).toEqual([metric]);
  });

  it('knows who it is', async () => {
    expect(await aws('sts', 'get-caller-identity')).toMatchObject({ Account: ACCOUNT });
  });

  it.each([
    [['sqs', 'get-queue-url', '--queue-name', 'nobody'], 'AWS.SimpleQueueService.NonExistentQueue'],
    [['stepfunctions', 'describe-execution', '--execution-arn', `${MACHINE}:x`], 'ExecutionDoesNotExist'],
    [['stepfunctions', 'delete-state-machine', '--state-machine-arn', MACHINE], 'UnknownOperationException'],
    [['secretsmanager', 'get-secret-value', '--secret-id', 'nobody'], 'ResourceNotFoundException'],
    [['logs', 'filter-log-events', '--log-group-name', 'nobody'], 'ResourceNotFoundException'],
    [['cloudwatch', 'describe-alarms'], 'InvalidAction'],
    [['sns', 'list-topics'], 'InvalidAction'],
    [['dynamodb', 'list-tables'], 'UnknownOperationException'],
  ])('is told what is wrong with %j', async (args, code) => {
    await expect(aws(...args)).rejects.toMatchObject({
      stderr: expect.stringContaining(`An error occurred (${code})`),
    });
  });
});
