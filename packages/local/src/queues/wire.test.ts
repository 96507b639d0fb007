import {
  CancelMessageMoveTaskCommand,
  CreateQueueCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ListDeadLetterSourceQueuesCommand,
  ListMessageMoveTasksCommand,
  ListQueuesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
  StartMessageMoveTaskCommand,
} from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ACCOUNT, type Endpoint, queueArn, startEndpoint } from '../aws/endpoint.fixture.ts';

let endpoint: Endpoint;
let sqs: SQSClient;
beforeEach(async () => {
  endpoint = await startEndpoint();
  sqs = new SQSClient(endpoint.client);
});
afterEach(() => endpoint.close());

const moves = async (name = 'bulk-dead') =>
  (await sqs.send(new ListMessageMoveTasksCommand({ SourceArn: queueArn(name), MaxResults: 10 }))).Results ?? [];
const over = async () => (await moves()).every(({ Status }) => Status !== 'RUNNING' && Status !== 'CANCELLING');

describe('SQS, spoken to by the AWS SDK', () => {
  it('gives URLs of the one port and takes them back, whatever host they were given with', async () => {
    const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: 'bulk' }));
    expect(QueueUrl).toBe(`${endpoint.url}/${ACCOUNT}/bulk`);
    const { QueueUrls } = await sqs.send(new ListQueuesCommand({ QueueNamePrefix: 'bulk' }));
    expect(QueueUrls).toEqual([`${endpoint.url}/${ACCOUNT}/bulk`, `${endpoint.url}/${ACCOUNT}/bulk-dead`]);
    const deployed = `https://sqs.eu-west-1.amazonaws.com/${ACCOUNT}/bulk`;
    await sqs.send(new SendMessageCommand({ QueueUrl: deployed, MessageBody: 'one' }));
    expect((await sqs.send(new ReceiveMessageCommand({ QueueUrl }))).Messages?.[0]?.Body).toBe('one');
  });

  it('has the deployed account in the ARNs of attributes, given and taken', async () => {
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: queueArn('elsewhere'), maxReceiveCount: 2 });
    const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: 'new', Attributes: { RedrivePolicy } }));
    const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }));
    expect(Attributes?.QueueArn).toBe(queueArn('new'));
    expect(JSON.parse(Attributes?.RedrivePolicy ?? '')).toMatchObject({ deadLetterTargetArn: queueArn('elsewhere') });
  });

  it('knows which queues send their dead letters to one', async () => {
    const QueueUrl = `${endpoint.url}/${ACCOUNT}/bulk-dead`;
    const { queueUrls } = await sqs.send(new ListDeadLetterSourceQueuesCommand({ QueueUrl }));
    expect(queueUrls).toEqual([`${endpoint.url}/${ACCOUNT}/bulk`]);
    const none = new ListDeadLetterSourceQueuesCommand({ QueueUrl: `${endpoint.url}/${ACCOUNT}/nothing` });
    await expect(sqs.send(none)).rejects.toMatchObject({ name: 'QueueDoesNotExist' });
  });

  it('moves dead letters back to their source with their attributes', async () => {
    for (let n = 0; n < 23; n += 1) endpoint.queues.send(queueArn('bulk-dead'), `m${n}`, { KEY: `k${n}` });
    const start = new StartMessageMoveTaskCommand({ SourceArn: queueArn('bulk-dead') });
    expect((await sqs.send(start)).TaskHandle).toEqual(expect.any(String));
    await expect.poll(over).toBe(true);
    expect(await moves()).toMatchObject([
      { Status: 'COMPLETED', ApproximateNumberOfMessagesMoved: 23, ApproximateNumberOfMessagesToMove: 23 },
    ]);
    expect(endpoint.queues.peek(queueArn('bulk-dead'))).toEqual([]);
    expect([...endpoint.queues.peek(queueArn('bulk'))].sort()).toEqual(
      Array.from({ length: 23 }, (_, n) => `m${n}`).sort(),
    );
    const [message] = await endpoint.queues.receive(queueArn('bulk'), 1, 0, new AbortController().signal);
    expect(message?.MessageAttributes).toMatchObject({ KEY: { StringValue: `k${message?.Body.slice(1)}` } });
  });

  it('moves them elsewhere when told so', async () => {
    endpoint.queues.send(queueArn('bulk-dead'), 'one');
    const SourceArn = queueArn('bulk-dead');
    await sqs.send(new StartMessageMoveTaskCommand({ SourceArn, DestinationArn: queueArn('elsewhere') }));
    await expect.poll(over).toBe(true);
    expect(endpoint.queues.peek(queueArn('elsewhere'))).toEqual(['one']);
    expect((await moves())[0]).toMatchObject({ DestinationArn: queueArn('elsewhere') });
  });

  it.each([
    ['a queue that is no dead-letter queue', { SourceArn: queueArn('rule-dead') }, 'InvalidParameterValue'],
    ['a queue that is not there', { SourceArn: queueArn('nothing') }, 'ResourceNotFoundException'],
    [
      'a destination that is not there',
      { SourceArn: queueArn('bulk-dead'), DestinationArn: queueArn('nothing') },
      'ResourceNotFoundException',
    ],
    [
      'more than 500 a second',
      { SourceArn: queueArn('bulk-dead'), MaxNumberOfMessagesPerSecond: 501 },
      'InvalidParameterValue',
    ],
    ['something that is no ARN', { SourceArn: 'bulk-dead' }, 'InvalidParameterValue'],
  ])('refuses to move from %s', async (_name, input, name) => {
    await expect(sqs.send(new StartMessageMoveTaskCommand(input))).rejects.toMatchObject({ name });
  });

  it('cancels nothing that is over, and nothing unknown', async () => {
    const { TaskHandle } = await sqs.send(new StartMessageMoveTaskCommand({ SourceArn: queueArn('bulk-dead') }));
    await expect.poll(over).toBe(true);
    await expect(sqs.send(new CancelMessageMoveTaskCommand({ TaskHandle }))).rejects.toThrow(/Only active tasks/);
    await expect(sqs.send(new CancelMessageMoveTaskCommand({ TaskHandle: 'x' }))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
  });
});
