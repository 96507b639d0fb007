import {
  CancelMessageMoveTaskCommand,
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ListDeadLetterSourceQueuesCommand,
  ListMessageMoveTasksCommand,
  ListQueuesCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
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

  it('takes every character of Unicode, and gives it back with its digest', async () => {
    const QueueUrl = `${endpoint.url}/${ACCOUNT}/bulk`;
    const texts = ['Ünïcödé 🎉 𝄞', '🎉🎉', '\ue000 \ue3ff\ue400 \uf8fe\ue001🎉'];
    // The client compares the digests of what it sent and received, and throws when they differ.
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: texts[0] }));
    const rest = texts.slice(1).map((MessageBody, n) => ({ Id: `n${n}`, MessageBody }));
    expect((await sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries: rest }))).Successful).toHaveLength(2);
    expect(endpoint.queues.peek(queueArn('bulk'))).toEqual(texts);
    const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
    expect(Messages?.map(({ Body }) => Body)).toEqual(texts);
    expect(endpoint.queues.hidden(queueArn('bulk'))).toEqual(texts);
    expect(endpoint.queues.look(queueArn('bulk')).map(({ body }) => body)).toEqual(texts);
  });

  it.each(['a\u0001b', 'half \ud83c of a pair'])('refuses what is no character: %j', async (MessageBody) => {
    const sent = sqs.send(new SendMessageCommand({ QueueUrl: `${endpoint.url}/${ACCOUNT}/bulk`, MessageBody }));
    await expect(sent).rejects.toMatchObject({ name: 'InvalidMessageContents' });
  });

  it.each([
    [{ MessageBody: 'x', DelaySeconds: 901 }, 'InvalidParameterValue'],
    [{ MessageBody: '' }, 'MissingParameter'],
  ])('gives errors the names that they have in AWS: %j', async (message, name) => {
    const sent = sqs.send(new SendMessageCommand({ QueueUrl: `${endpoint.url}/${ACCOUNT}/bulk`, ...message }));
    await expect(sent).rejects.toMatchObject({ name });
  });

  it.each([{ WaitTimeSeconds: 21 }, { VisibilityTimeout: 43_201 }, { MaxNumberOfMessages: 11 }])(
    'refuses to receive with %j',
    async (beyond) => {
      const asked = sqs.send(new ReceiveMessageCommand({ QueueUrl: `${endpoint.url}/${ACCOUNT}/bulk`, ...beyond }));
      await expect(asked).rejects.toMatchObject({ name: 'InvalidParameterValue' });
    },
  );

  it('refuses a receipt handle that it never gave, and in a batch that entry alone', async () => {
    const QueueUrl = `${endpoint.url}/${ACCOUNT}/bulk`;
    const wrong = { name: 'ReceiptHandleIsInvalid' };
    const other = { QueueUrl, ReceiptHandle: 'mine' };
    await expect(sqs.send(new DeleteMessageCommand(other))).rejects.toMatchObject(wrong);
    const shown = sqs.send(new ChangeMessageVisibilityCommand({ ...other, VisibilityTimeout: 0 }));
    await expect(shown).rejects.toMatchObject(wrong);
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'one' }));
    const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl }));
    const bad = { Id: 'bad', ReceiptHandle: 'mine' };
    const good = { Id: 'good', ReceiptHandle: Messages?.[0]?.ReceiptHandle };
    const failed = { Id: 'bad', Code: 'ReceiptHandleIsInvalid', SenderFault: true };
    const remove = (...Entries: (typeof good)[]) => sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
    expect(await remove(bad, good)).toMatchObject({ Successful: [{ Id: 'good' }], Failed: [failed] });
    expect(endpoint.queues.hidden(queueArn('bulk'))).toEqual([]);
    expect(await remove(bad)).toMatchObject({ Failed: [failed] });
    await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: good.ReceiptHandle }));
  });

  it('keeps no message of a batch that would wait too long', async () => {
    const QueueUrl = `${endpoint.url}/${ACCOUNT}/bulk`;
    const Entries = [
      { Id: 'late', MessageBody: 'late', DelaySeconds: 901 },
      { Id: 'now', MessageBody: 'now' },
    ];
    expect(await sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }))).toMatchObject({
      Successful: [{ Id: 'now' }],
      Failed: [{ Id: 'late', Code: 'InvalidParameterValue', SenderFault: true }],
    });
    expect(endpoint.queues.peek(queueArn('bulk'))).toEqual(['now']);
  });

  it('gives some of them a prefix, as AWS does for clients of the query protocol', async () => {
    const sent = sqs.send(new SendMessageBatchCommand({ QueueUrl: `${endpoint.url}/${ACCOUNT}/bulk`, Entries: [] }));
    await expect(sent).rejects.toMatchObject({ Error: { Code: 'AWS.SimpleQueueService.EmptyBatchRequest' } });
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
