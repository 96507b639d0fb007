import {
  CloudWatchClient,
  GetMetricDataCommand,
  GetMetricStatisticsCommand,
  ListMetricsCommand,
  ScanBy,
} from '@aws-sdk/client-cloudwatch';
import {
  CloudWatchLogsClient,
  DescribeLogGroupsCommand,
  DescribeLogStreamsCommand,
  FilterLogEventsCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Endpoint, MACHINE, startEndpoint } from '../aws/endpoint.fixture.ts';

let endpoint: Endpoint;
let cloudwatch: CloudWatchClient;
let logs: CloudWatchLogsClient;
const NOON = Date.UTC(2026, 10, 25, 12);
const metricLine = (at: number, lagMs: number | number[]): string =>
  JSON.stringify({
    _aws: {
      Timestamp: at,
      CloudWatchMetrics: [
        { Namespace: 'Payments', Dimensions: [['lane']], Metrics: [{ Name: 'LagMs', Unit: 'Milliseconds' }] },
      ],
    },
    lane: 'realtime',
    LagMs: lagMs,
  });

beforeAll(async () => {
  endpoint = await startEndpoint();
  cloudwatch = new CloudWatchClient(endpoint.client);
  logs = new CloudWatchLogsClient(endpoint.client);
  const line = (text: string, at: number) => endpoint.cloudwatch.line({ functionName: 'sync', line: text, at });
  line(metricLine(NOON, 10), NOON);
  line(metricLine(NOON + 1000, [20, 60]), NOON + 1000);
  line(metricLine(NOON + 61_000, 5), NOON + 61_000);
  line('{"level":"ERROR","message":"parked","ms":120}', NOON + 2000);
  line('{"level":"INFO","message":"settled","ms":80}', NOON + 3000);
  endpoint.cloudwatch.watchFunction('quiet');
});
afterAll(() => endpoint.close());

const lag = (Stat: string, Period = 60) => ({
  Id: 'lag',
  MetricStat: {
    Metric: { Namespace: 'Payments', MetricName: 'LagMs', Dimensions: [{ Name: 'lane', Value: 'realtime' }] },
    Period,
    Stat,
  },
});
const range = { StartTime: new Date(NOON), EndTime: new Date(NOON + 3_600_000) };

describe('CloudWatch, spoken to by the AWS SDK', () => {
  it.each([
    ['Sum', [5, 90]],
    ['Average', [5, 30]],
    ['Minimum', [5, 10]],
    ['Maximum', [5, 60]],
    ['SampleCount', [1, 3]],
    ['p50', [5, 20]],
  ])('gives the %s of embedded metrics by the minute, newest first', async (stat, values) => {
    const { MetricDataResults } = await cloudwatch.send(
      new GetMetricDataCommand({ ...range, MetricDataQueries: [lag(stat)] }),
    );
    expect(MetricDataResults).toMatchObject([
      { Id: 'lag', Timestamps: [new Date(NOON + 60_000), new Date(NOON)], Values: values, StatusCode: 'Complete' },
    ]);
  });

  it('adds minutes up to longer periods, in the order asked for', async () => {
    const ask = { ...range, MetricDataQueries: [lag('Sum', 300)], ScanBy: ScanBy.TIMESTAMP_ASCENDING };
    const { MetricDataResults } = await cloudwatch.send(new GetMetricDataCommand(ask));
    expect(MetricDataResults?.[0]?.Values).toEqual([95]);
  });

  it('gives no values in another unit than the one that was written', async () => {
    const inUnit = async (Unit: 'Milliseconds' | 'Count') => {
      const { MetricStat, Id } = lag('Sum', 300);
      const query = { Id, MetricStat: { ...MetricStat, Unit } };
      const answer = await cloudwatch.send(new GetMetricDataCommand({ ...range, MetricDataQueries: [query] }));
      return answer.MetricDataResults?.[0]?.Values;
    };
    expect([await inUnit('Milliseconds'), await inUnit('Count')]).toEqual([[95], []]);
  });

  it('tells the metrics of a custom namespace apart by all of their dimensions', async () => {
    const at = NOON + 600_000;
    for (const [road, object, count] of [
      ['bulk', 'Customer', 3],
      ['bulk', 'Payment', 5],
    ] as const) {
      const directive = { Namespace: 'Rows', Dimensions: [['road'], ['road', 'object']], Metrics: [{ Name: 'Sent' }] };
      const line = { _aws: { Timestamp: at, CloudWatchMetrics: [directive] }, road, object, Sent: count };
      endpoint.cloudwatch.line({ functionName: 'rows', line: JSON.stringify(line), at });
    }
    const sent = (...dimensions: readonly [string, string][]) => ({
      Id: 'sent',
      MetricStat: {
        Metric: {
          Namespace: 'Rows',
          MetricName: 'Sent',
          Dimensions: dimensions.map(([Name, Value]) => ({ Name, Value })),
        },
        Period: 60,
        Stat: 'Sum',
      },
    });
    const values = async (query: ReturnType<typeof sent>) =>
      (await cloudwatch.send(new GetMetricDataCommand({ ...range, MetricDataQueries: [query] }))).MetricDataResults?.[0]
        ?.Values;
    expect(await values(sent(['road', 'bulk']))).toEqual([8]);
    expect(await values(sent(['object', 'Payment'], ['road', 'bulk']))).toEqual([5]);
    expect(await values(sent(['object', 'Payment']))).toEqual([]);
  });

  it('gives no values for a metric that nobody wrote, and for another dimension', async () => {
    const other = lag('Sum');
    other.MetricStat.Metric.Dimensions = [];
    const { MetricDataResults } = await cloudwatch.send(
      new GetMetricDataCommand({ ...range, MetricDataQueries: [other] }),
    );
    expect(MetricDataResults).toMatchObject([{ Values: [], StatusCode: 'Complete' }]);
  });

  it('gives statistics with their unit', async () => {
    const { Dimensions } = lag('Sum').MetricStat.Metric;
    const { Datapoints } = await cloudwatch.send(
      new GetMetricStatisticsCommand({
        ...range,
        Namespace: 'Payments',
        MetricName: 'LagMs',
        Dimensions,
        Period: 3600,
        Statistics: ['Sum', 'Maximum'],
        ExtendedStatistics: ['p100'],
      }),
    );
    expect(Datapoints).toEqual([
      { Timestamp: new Date(NOON), Unit: 'Milliseconds', Sum: 95, Maximum: 60, ExtendedStatistics: { p100: 60 } },
    ]);
  });

  it('lists metrics by namespace and dimension', async () => {
    const list = async (input: object) => (await cloudwatch.send(new ListMetricsCommand(input))).Metrics?.length;
    expect(await list({ Namespace: 'Payments' })).toBe(1);
    expect(await list({ Dimensions: [{ Name: 'lane' }] })).toBe(1);
    expect(await list({ Dimensions: [{ Name: 'lane', Value: 'bulk' }] })).toBe(0);
  });

  it('counts executions and invocations as AWS does', async () => {
    const execution = endpoint.machines.start(MACHINE, '{}');
    await expect.poll(() => execution.status).toBe('SUCCEEDED');
    const count = (Namespace: string, MetricName: string, Name: string, Value: string) => ({
      Id: MetricName.toLowerCase(),
      MetricStat: { Metric: { Namespace, MetricName, Dimensions: [{ Name, Value }] }, Period: 60, Stat: 'Sum' },
    });
    const { MetricDataResults } = await cloudwatch.send(
      new GetMetricDataCommand({
        StartTime: new Date(Date.now() - 120_000),
        EndTime: new Date(Date.now() + 60_000),
        MetricDataQueries: [
          count('AWS/States', 'ExecutionsSucceeded', 'StateMachineArn', MACHINE),
          count('AWS/Lambda', 'Invocations', 'FunctionName', 'sync'),
          count('AWS/Lambda', 'Errors', 'FunctionName', 'sync'),
        ],
      }),
    );
    expect(MetricDataResults?.map(({ Values }) => Values?.reduce((a, b) => a + b, 0))).toEqual([1, 1, 0]);
  });

  it('has the depth of queues and the age of their oldest message', async () => {
    const at = Date.now();
    endpoint.cloudwatch.queueDepth('bulk', { ready: 3, delayed: 1, inFlight: 2, oldestSentAt: at - 90_000 });
    const gauge = (MetricName: string) => ({
      Id: MetricName.toLowerCase(),
      MetricStat: {
        Metric: { Namespace: 'AWS/SQS', MetricName, Dimensions: [{ Name: 'QueueName', Value: 'bulk' }] },
        Period: 60,
        Stat: 'Maximum',
      },
    });
    const names = ['Visible', 'NotVisible', 'Delayed'].map((what) => `ApproximateNumberOfMessages${what}`);
    const { MetricDataResults } = await cloudwatch.send(
      new GetMetricDataCommand({
        StartTime: new Date(at - 60_000),
        EndTime: new Date(at + 60_000),
        MetricDataQueries: [...names, 'ApproximateAgeOfOldestMessage'].map(gauge),
      }),
    );
    expect(MetricDataResults?.map(({ Values }) => Values)).toEqual([[3], [2], [1], [90]]);
  });

  it.each([
    ['metric math', { ...range, MetricDataQueries: [{ Id: 'e1', Expression: 'SUM(METRICS())' }] }, /metric math/],
    ['a statistic it lacks', { ...range, MetricDataQueries: [lag('tm90')] }, /tm90/],
    ['an odd period', { ...range, MetricDataQueries: [lag('Sum', 90)] }, /multiple of 60/],
    ['an empty range', { StartTime: range.EndTime, EndTime: range.StartTime, MetricDataQueries: [lag('Sum')] }, /less/],
  ])('refuses %s and says why', async (_name, input, message) => {
    const refused = cloudwatch.send(new GetMetricDataCommand(input));
    await expect(refused).rejects.toMatchObject({
      name: 'ValidationException',
      message: expect.stringMatching(message),
    });
  });
});

describe('CloudWatch Logs, spoken to by the AWS SDK', () => {
  const logGroupName = '/aws/lambda/sync';

  it('finds the lines that a pattern describes, in their order', async () => {
    const find = async (filterPattern: string) =>
      (await logs.send(new FilterLogEventsCommand({ logGroupName, filterPattern }))).events?.map(
        ({ timestamp }) => (timestamp ?? 0) - NOON,
      );
    expect(await find('')).toHaveLength(5);
    expect(await find('{ $.level = "ERROR" }')).toEqual([2000]);
    expect(await find('settled')).toEqual([3000]);
  });

  it('keeps to the time given, and pages', async () => {
    const between = { logGroupName, startTime: NOON + 1000, endTime: NOON + 3000, limit: 2 };
    const first = await logs.send(new FilterLogEventsCommand(between));
    const second = await logs.send(new FilterLogEventsCommand({ ...between, nextToken: first.nextToken }));
    expect([first.events?.length, second.events?.length, second.nextToken]).toEqual([2, 1, undefined]);
  });

  it('describes groups and streams, those without a line too', async () => {
    const { logGroups } = await logs.send(new DescribeLogGroupsCommand({ logGroupNamePrefix: '/aws/lambda/' }));
    expect(logGroups?.map((group) => group.logGroupName)).toEqual([
      '/aws/lambda/quiet',
      '/aws/lambda/rows',
      logGroupName,
    ]);
    const { logStreams } = await logs.send(new DescribeLogStreamsCommand({ logGroupName }));
    expect(logStreams).toMatchObject([{ logStreamName: 'local', firstEventTimestamp: NOON }]);
  });

  it.each([
    ['an unknown group', { logGroupName: 'nobody' }, 'ResourceNotFoundException'],
    ['a pattern that is none', { logGroupName, filterPattern: '{ $.a }' }, 'InvalidParameterException'],
    ['no group at all', {}, 'InvalidParameterException'],
  ])('refuses %s', async (_name, input, name) => {
    await expect(logs.send(new FilterLogEventsCommand(input))).rejects.toMatchObject({ name });
  });
});
