import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import { promisify } from 'node:util';
import {
  CancelReplayCommand,
  CreateArchiveCommand,
  CreateEventBusCommand,
  DeleteArchiveCommand,
  DeleteEventBusCommand,
  DeleteRuleCommand,
  DescribeArchiveCommand,
  DescribeEventBusCommand,
  DescribeReplayCommand,
  DescribeRuleCommand,
  DisableRuleCommand,
  EnableRuleCommand,
  EventBridgeClient,
  EventBridgeServiceException,
  ListArchivesCommand,
  ListEventBusesCommand,
  ListReplaysCommand,
  ListRuleNamesByTargetCommand,
  ListRulesCommand,
  ListTargetsByRuleCommand,
  PutEventsCommand,
  PutRuleCommand,
  PutTargetsCommand,
  RemoveTargetsCommand,
  StartReplayCommand,
  TestEventPatternCommand,
} from '@aws-sdk/client-eventbridge';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { AWS_CLI } from '../aws/aws-cli.fixture.ts';
import { DEAD, QUEUE, START, simulatedBus } from './bus.fixture.ts';
import { handleEvents } from './wire.ts';

const PATTERN = '{"source":["shop"]}';
let simulated = simulatedBus();
let endpoint = '';
let client = new EventBridgeClient({});

const server = createServer(async (request, response) => {
  let text = '';
  for await (const chunk of request) text += chunk;
  const [service, operation = ''] = String(request.headers['x-amz-target']).split('.');
  expect(service).toBe('AWSEvents');
  const { status, body } = await handleEvents(simulated.bus, operation, JSON.parse(text));
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(body));
});

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  endpoint = typeof address === 'object' && address !== null ? `http://127.0.0.1:${address.port}` : '';
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  client = new EventBridgeClient({ endpoint, region: 'eu-west-1', credentials, maxAttempts: 1 });
});
beforeEach(() => {
  simulated = simulatedBus();
});
afterAll(() => {
  client.destroy();
  server.close();
});

/** Name and message of what AWS's client throws. */
async function refusal(sent: Promise<unknown>): Promise<{ name: string; message: string }> {
  const error: unknown = await sent.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof EventBridgeServiceException) return { name: error.name, message: error.message };
  throw new Error('the call was not refused', { cause: error });
}

async function shop(): Promise<void> {
  await client.send(new PutRuleCommand({ Name: 'orders', EventPattern: PATTERN, Description: 'all orders' }));
  await client.send(new PutTargetsCommand({ Rule: 'orders', Targets: [{ Id: 'q', Arn: QUEUE }] }));
}

describe("AWS's own client", () => {
  it('puts events: good and bad ones get their places in the answer, the good ones arrive', async () => {
    await shop();
    const answer = await client.send(
      new PutEventsCommand({
        Entries: [
          { Source: 'shop', DetailType: 'order', Detail: '{"n":1}', Time: new Date(START), Resources: ['arn:r'] },
          { Source: 'shop', DetailType: 'order', Detail: 'text' },
        ],
      }),
    );
    expect(answer).toMatchObject({
      FailedEntryCount: 1,
      Entries: [{ EventId: 'id-1' }, { ErrorCode: 'MalformedDetail', ErrorMessage: 'Detail is malformed.' }],
    });
    await simulated.settle();
    expect(simulated.delivered.map(({ payload }) => JSON.parse(payload))).toMatchObject([
      { id: 'id-1', time: '2026-11-23T07:12:00Z', resources: ['arn:r'], detail: { n: 1 } },
    ]);
  });

  it('is refused eleven entries and too many bytes', async () => {
    const one = { Source: 'shop', DetailType: 'order', Detail: '{}' };
    const eleven = new PutEventsCommand({ Entries: Array(11).fill(one) });
    expect(await refusal(client.send(eleven))).toMatchObject({
      name: 'ValidationException',
      message: expect.stringContaining("at 'entries' failed to satisfy constraint: Member must have length less than"),
    });
    const big = new PutEventsCommand({ Entries: [{ ...one, Detail: JSON.stringify({ x: 'x'.repeat(1_048_576) }) }] });
    expect(await refusal(client.send(big))).toEqual({
      name: 'ValidationException',
      message: 'Total size of the entries in the request is over the limit.',
    });
  });

  it('manages rules', async () => {
    await shop();
    const arn = 'arn:aws:events:eu-west-1:111122223333:rule/orders';
    expect(await client.send(new DescribeRuleCommand({ Name: 'orders' }))).toMatchObject({
      Arn: arn,
      EventPattern: PATTERN,
      State: 'ENABLED',
      EventBusName: 'default',
      Description: 'all orders',
    });
    await client.send(new DisableRuleCommand({ Name: 'orders' }));
    expect((await client.send(new ListRulesCommand({}))).Rules).toMatchObject([{ Name: 'orders', State: 'DISABLED' }]);
    await client.send(new EnableRuleCommand({ Name: 'orders' }));
    expect((await client.send(new DescribeRuleCommand({ Name: 'orders' }))).State).toBe('ENABLED');
    expect((await refusal(client.send(new DeleteRuleCommand({ Name: 'orders' })))).message).toContain('has targets');
    await client.send(new RemoveTargetsCommand({ Rule: 'orders', Ids: ['q'] }));
    await client.send(new DeleteRuleCommand({ Name: 'orders' }));
    expect(await refusal(client.send(new DescribeRuleCommand({ Name: 'orders' })))).toEqual({
      name: 'ResourceNotFoundException',
      message: 'Rule orders does not exist on EventBus default.',
    });
  });

  it('lists rules page by page', async () => {
    for (const name of ['a1', 'a2', 'a3', 'b']) {
      await client.send(new PutRuleCommand({ Name: name, EventPattern: PATTERN }));
    }
    const first = await client.send(new ListRulesCommand({ NamePrefix: 'a', Limit: 2 }));
    const second = await client.send(new ListRulesCommand({ NamePrefix: 'a', Limit: 2, NextToken: first.NextToken }));
    expect([...(first.Rules ?? []), ...(second.Rules ?? [])].map(({ Name }) => Name)).toEqual(['a1', 'a2', 'a3']);
    expect(second.NextToken).toBeUndefined();
    expect((await refusal(client.send(new ListRulesCommand({ NextToken: 'eA==' })))).name).toBe('ValidationException');
  });

  it('gets a target back as it was put', async () => {
    await shop();
    const target = {
      Id: 't',
      Arn: 'arn:aws:states:eu-west-1:111122223333:stateMachine:payments',
      RoleArn: 'arn:aws:iam::111122223333:role/r',
      InputTransformer: { InputPathsMap: { n: '$.detail.n' }, InputTemplate: '{"n":<n>}' },
      RetryPolicy: { MaximumEventAgeInSeconds: 60, MaximumRetryAttempts: 0 },
      DeadLetterConfig: { Arn: DEAD },
    };
    const put = await client.send(new PutTargetsCommand({ Rule: 'orders', Targets: [target] }));
    expect(put.FailedEntryCount).toBe(0);
    const listed = await client.send(new ListTargetsByRuleCommand({ Rule: 'orders' }));
    expect(listed.Targets).toEqual([{ Id: 'q', Arn: QUEUE }, target]);
    const names = await client.send(new ListRuleNamesByTargetCommand({ TargetArn: target.Arn }));
    expect(names.RuleNames).toEqual(['orders']);
    await client.send(
      new PutEventsCommand({ Entries: [{ Source: 'shop', DetailType: 'order', Detail: '{"n":[1]}' }] }),
    );
    await simulated.settle();
    expect(simulated.delivered.map(({ payload }) => payload)[1]).toBe('{"n":[1]}');
  });

  it('tests patterns, and hears why one is invalid', async () => {
    const Event = JSON.stringify({
      id: '1',
      account: '1',
      source: 'shop',
      time: '2026-11-23T07:12:00Z',
      region: 'eu-west-1',
      resources: [],
      'detail-type': 'order',
    });
    const test = (EventPattern: string) => client.send(new TestEventPatternCommand({ EventPattern, Event }));
    expect((await test(PATTERN)).Result).toBe(true);
    expect((await test('{"source":["bank"]}')).Result).toBe(false);
    expect(await refusal(test('{"source":"shop"}'))).toEqual({
      name: 'InvalidEventPatternException',
      message: 'Event pattern is not valid. Reason: "source" must be an object or an array',
    });
  });

  it('manages buses', async () => {
    const created = await client.send(new CreateEventBusCommand({ Name: 'payments', Description: 'money' }));
    expect(created.EventBusArn).toBe('arn:aws:events:eu-west-1:111122223333:event-bus/payments');
    expect(await client.send(new DescribeEventBusCommand({ Name: 'payments' }))).toMatchObject({
      Arn: created.EventBusArn,
      Description: 'money',
      CreationTime: new Date(START),
    });
    expect((await client.send(new DescribeEventBusCommand({}))).Name).toBe('default');
    const buses = async () => (await client.send(new ListEventBusesCommand({}))).EventBuses?.map(({ Name }) => Name);
    expect(await buses()).toEqual(['default', 'payments']);
    expect(await refusal(client.send(new CreateEventBusCommand({ Name: 'payments' })))).toEqual({
      name: 'ResourceAlreadyExistsException',
      message: 'Event bus payments already exists.',
    });
    await client.send(new DeleteEventBusCommand({ Name: 'payments' }));
    expect(await buses()).toEqual(['default']);
    expect((await refusal(client.send(new DescribeEventBusCommand({ Name: 'payments' })))).message).toBe(
      'Event bus payments does not exist.',
    );
  });

  it('archives, replays and cancels', async () => {
    await shop();
    const busArn = 'arn:aws:events:eu-west-1:111122223333:event-bus/default';
    const archive = await client.send(
      new CreateArchiveCommand({
        ArchiveName: 'all',
        EventSourceArn: busArn,
        RetentionDays: 30,
        EventPattern: PATTERN,
      }),
    );
    expect(archive.State).toBe('ENABLED');
    await client.send(new PutEventsCommand({ Entries: [{ Source: 'shop', DetailType: 'order', Detail: '{}' }] }));
    await simulated.settle();
    expect(await client.send(new DescribeArchiveCommand({ ArchiveName: 'all' }))).toMatchObject({
      ArchiveArn: archive.ArchiveArn,
      EventCount: 1,
      EventPattern: PATTERN,
      RetentionDays: 30,
      CreationTime: new Date(START),
    });
    expect((await client.send(new ListArchivesCommand({}))).Archives).toMatchObject([{ ArchiveName: 'all' }]);
    const start = (ReplayName: string) =>
      client.send(
        new StartReplayCommand({
          ReplayName,
          EventSourceArn: archive.ArchiveArn,
          EventStartTime: new Date(START - 1000),
          EventEndTime: new Date(START + 1000),
          Destination: { Arn: busArn, FilterArns: ['arn:aws:events:eu-west-1:111122223333:rule/orders'] },
        }),
      );
    expect((await start('r1')).State).toBe('STARTING');
    await simulated.pass(0);
    expect(await client.send(new DescribeReplayCommand({ ReplayName: 'r1' }))).toMatchObject({
      State: 'COMPLETED',
      EventLastReplayedTime: new Date(START),
      ReplayEndTime: new Date(START),
      Destination: { Arn: busArn },
    });
    expect(simulated.delivered.map(({ payload }) => JSON.parse(payload)['replay-name'])).toEqual([undefined, 'r1']);
    await start('r2');
    expect((await client.send(new CancelReplayCommand({ ReplayName: 'r2' }))).State).toBe('CANCELLING');
    await simulated.pass(0);
    const replays = await client.send(new ListReplaysCommand({ NamePrefix: 'r' }));
    expect(replays.Replays?.map(({ ReplayName, State }) => [ReplayName, State])).toEqual([
      ['r1', 'COMPLETED'],
      ['r2', 'CANCELLED'],
    ]);
    expect(await refusal(client.send(new CancelReplayCommand({ ReplayName: 'r1' })))).toEqual({
      name: 'IllegalStatusException',
      message: 'Replay r1 is not in a valid state for this operation.',
    });
    await client.send(new DeleteArchiveCommand({ ArchiveName: 'all' }));
    expect((await client.send(new ListArchivesCommand({}))).Archives).toEqual([]);
  });
});

describe('a request', () => {
  const send = (operation: string, body: unknown) => handleEvents(simulated.bus, operation, body);

  it.each([
    [
      'PutRule',
      {},
      'ValidationException',
      "Value null at 'name' failed to satisfy constraint: Member must not be null",
    ],
    ['PutRule', { Name: 'a b' }, 'ValidationException', "Value 'a b' at 'name' failed"],
    ['PutRule', { Name: 'a' }, 'ValidationException', 'EventPattern or ScheduleExpression must be specified'],
    ['PutRule', { Name: 'a', ScheduleExpression: 'rate(1 minute)' }, 'ValidationException', 'Scheduled rules are not'],
    ['PutRule', { Name: 'a', State: 'ON', EventPattern: PATTERN }, 'ValidationException', 'enum value set: [ENABLED'],
    ['PutRule', { Name: 5 }, 'SerializationException', 'name must be string'],
    ['PutRule', null, 'SerializationException', 'The request must be Object'],
    ['PutTargets', { Rule: 'a', Targets: [{ Arn: QUEUE }] }, 'ValidationException', "at 'targets.1.member.id' failed"],
    ['ListRules', { Limit: 0 }, 'ValidationException', 'Member must have value greater than or equal to 1'],
    ['PutEvents', { Entries: [], EndpointId: 'x.y' }, 'ValidationException', 'Global endpoints are not imitated'],
    ['PutPermission', {}, 'UnknownOperationException', 'PutPermission is not imitated'],
  ])('%s %o is answered %s', async (operation, body, code, message) => {
    expect(await send(operation, body)).toMatchObject({
      status: 400,
      body: { __type: code, message: expect.stringContaining(message) },
    });
  });

  it('counts what is wrong with it', async () => {
    const { body } = await send('StartReplay', { ReplayName: 'r', EventStartTime: 1, EventEndTime: 2 });
    expect(body).toMatchObject({
      message: expect.stringMatching(/^2 validation errors detected: Value null at 'event/),
    });
  });

  it('to a stopped bus is a fault of the service', async () => {
    await simulated.bus.stop();
    const entry = { Source: 'a', DetailType: 'b', Detail: '{}' };
    expect(await send('PutEvents', { Entries: [entry] })).toMatchObject({
      status: 500,
      body: { __type: 'InternalException' },
    });
  });
});

describe.skipIf(AWS_CLI === '')('the aws command line', () => {
  const run = promisify(execFile);
  const env = {
    PATH: process.env.PATH,
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_DEFAULT_REGION: 'eu-west-1',
    AWS_CONFIG_FILE: '/dev/null',
    AWS_EC2_METADATA_DISABLED: 'true',
  };
  const aws = async (...args: string[]): Promise<unknown> => {
    const { stdout } = await run(AWS_CLI, ['--endpoint-url', endpoint, 'events', ...args, '--output', 'json'], { env });
    return stdout === '' ? undefined : JSON.parse(stdout);
  };

  it('puts events and starts a replay', async () => {
    await shop();
    const busArn = 'arn:aws:events:eu-west-1:111122223333:event-bus/default';
    await aws('create-archive', '--archive-name', 'all', '--event-source-arn', busArn);
    const entries = JSON.stringify([{ Source: 'shop', DetailType: 'order', Detail: '{"n":1}' }]);
    expect(await aws('put-events', '--entries', entries)).toEqual({
      FailedEntryCount: 0,
      Entries: [{ EventId: 'id-1' }],
    });
    const replay = [
      'start-replay',
      '--replay-name',
      'r',
      '--event-source-arn',
      busArn.replace('event-bus/default', 'archive/all'),
    ];
    const times = ['--event-start-time', '2026-11-23T07:00:00Z', '--event-end-time', '2026-11-23T08:00:00Z'];
    expect(await aws(...replay, ...times, '--destination', `Arn=${busArn}`)).toMatchObject({ State: 'STARTING' });
    await simulated.pass(0);
    expect(simulated.delivered.map(({ context }) => context.replayName)).toEqual([undefined, 'r']);
  });

  it('shows the code and the reason of a refusal', async () => {
    const put = aws('put-rule', '--name', 'r', '--event-pattern', '{"a":[]}');
    await expect(put).rejects.toThrow(
      'An error occurred (InvalidEventPatternException) when calling the PutRule operation: ' +
        'Event pattern is not valid. Reason: Empty arrays are not allowed',
    );
  });
});
