/**
 * SQS as clients see it: fauxqs behind, and in front of it what fauxqs lacks (move tasks, the sources of a dead-letter
 * queue) and the deployed account and this endpoint in ARNs and URLs.
 */
import * as v from 'valibot';
import type { Service, ServiceAnswer, ServiceCall } from '../aws/server.ts';
import { wrongParameter } from '../aws/wrong-parameter.ts';
import type { QueueGuesses } from './guesses.ts';
import { createMoveTasks, type MoveQueues, type MoveTask, type MoveTasks, type Parcel } from './move-tasks.ts';
import type { Queues } from './queues.ts';
import { queueDoesNotExist, SqsError } from './sqs-error.ts';

/** Every queue of fauxqs is in this account. */
const INNER_ACCOUNT = '000000000000';

const Arn = v.pipe(v.string(), v.regex(/^arn:[\w-]+:sqs:[\w-]+:\d{12}:[\w.-]{1,80}$/, 'is not the ARN of a queue'));
const Start = v.strictObject({
  SourceArn: Arn,
  DestinationArn: v.optional(Arn),
  MaxNumberOfMessagesPerSecond: v.optional(v.number()),
});
const List = v.strictObject({ SourceArn: Arn, MaxResults: v.optional(v.number(), 1) });
const Cancel = v.strictObject({ TaskHandle: v.string() });
const Sources = v.strictObject({
  QueueUrl: v.string(),
  MaxResults: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(1000)), 1000),
  NextToken: v.optional(v.string()),
});
const QueueList = v.object({ QueueUrls: v.optional(v.array(v.string()), []) });
const Redrive = v.object({ deadLetterTargetArn: v.string() });
const Sent = v.object({ Failed: v.optional(v.array(v.object({ Code: v.string() })), []) });
const Received = v.object({
  Messages: v.optional(
    v.array(
      v.object({
        Body: v.string(),
        ReceiptHandle: v.string(),
        MessageAttributes: v.optional(v.record(v.string(), v.unknown()), {}),
        Attributes: v.optional(v.record(v.string(), v.string()), {}),
      }),
    ),
    [],
  ),
});

const lastPart = (text: string, separator: string): string => text.slice(text.lastIndexOf(separator) + 1);

export function createQueuesFront(options: {
  readonly queues: Queues;
  readonly account: string;
  readonly region: string;
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<unknown>;
  readonly guesses?: Partial<QueueGuesses> | undefined;
}): { readonly service: Service; close(): Promise<void> } {
  const { queues, account, region } = options;
  const behind = moveQueues(queues, account, region);
  const tasks = createMoveTasks({ ...options, queues: behind });
  return {
    async service(operation, input, call) {
      try {
        const own = FRONT.get(operation);
        if (own !== undefined) return { status: 200, body: await own(input, { tasks, behind, account, call }) };
        if (!v.is(Input, input)) throw wrongType();
        checkValues(input);
        const { sound, failed } = soundEntries(input);
        const isNoneSound = v.is(Batch, sound) && sound.Entries.length === 0 && failed.length > 0;
        if (isNoneSound && behind.exists(lastPart(String(input.QueueUrl), '/'))) {
          return { status: 200, body: { Successful: [], Failed: failed } };
        }
        const answer = await queues.request(operation, inward(sound, account));
        // fauxqs does not check types: it stumbles over them.
        if (answer.status >= 500) throw wrongType();
        const body = failed.length > 0 ? withFailed(answer.body, failed) : answer.body;
        return { ...answer, body: outward(body, account, call.host) };
      } catch (error) {
        if (error instanceof SqsError) return refusal(error);
        if (error instanceof v.ValiError)
          return refusal(new SqsError('InvalidParameterValue', wrongParameter(error, 'SQS')));
        throw error;
      }
    },
    close: () => tasks.close(),
  };
}

const Input = v.record(v.string(), v.unknown());

/** A bound that fauxqs does not know. */
const MOST_DELAY_SECONDS = 900;
/** Every receipt handle of fauxqs looks so; it takes any text for the handle of a message that is gone. */
const HANDLE = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;

/** What fauxqs would take, of a message or of an entry of a batch. */
function checkValues({ DelaySeconds: delay, ReceiptHandle: handle }: v.InferOutput<typeof Input>): void {
  if (typeof delay === 'number' && (delay < 0 || delay > MOST_DELAY_SECONDS)) {
    const reason = `DelaySeconds must be >= 0 and <= ${MOST_DELAY_SECONDS}.`;
    const message = `Value ${delay} for parameter DelaySeconds is invalid. Reason: ${reason}`;
    throw new SqsError('InvalidParameterValue', message);
  }
  if (typeof handle === 'string' && handle !== '' && !HANDLE.test(handle)) {
    throw new SqsError('ReceiptHandleIsInvalid', `The input receipt handle "${handle}" is not a valid receipt handle.`);
  }
}

type Failure = { readonly Id: unknown; readonly Code: string; readonly Message: string; readonly SenderFault: true };
const Batch = v.looseObject({ Entries: v.pipe(v.array(Input), v.maxLength(10)) });
const Batched = v.looseObject({ Failed: v.optional(v.array(v.unknown()), []) });

/** A batch without the entries that SQS refuses: each fails alone. */
function soundEntries(input: v.InferOutput<typeof Input>): { readonly sound: unknown; readonly failed: Failure[] } {
  if (!v.is(Batch, input)) return { sound: input, failed: [] };
  const failed: Failure[] = [];
  const Entries = input.Entries.filter((entry) => {
    try {
      checkValues(entry);
      return true;
    } catch (error) {
      if (!(error instanceof SqsError)) throw error;
      failed.push({ Id: entry.Id, Code: error.code, Message: error.message, SenderFault: true });
      return false;
    }
  });
  return { sound: { ...input, Entries }, failed };
}

function withFailed(body: unknown, failed: readonly Failure[]): unknown {
  const parsed = v.safeParse(Batched, body);
  return parsed.success ? { ...parsed.output, Failed: [...parsed.output.Failed, ...failed] } : body;
}

function wrongType(): SqsError {
  return new SqsError('SerializationException', 'The request is not an object, or a parameter has a wrong type.');
}

type Front = {
  readonly tasks: MoveTasks;
  readonly behind: MoveQueues;
  readonly account: string;
  readonly call: ServiceCall;
};

const FRONT: ReadonlyMap<string, (input: unknown, front: Front) => Promise<unknown>> = new Map([
  ['StartMessageMoveTask', startMoveTask],
  ['ListMessageMoveTasks', listMoveTasks],
  ['CancelMessageMoveTask', cancelMoveTask],
  ['ListDeadLetterSourceQueues', listSources],
]);

async function startMoveTask(input: unknown, { tasks }: Front): Promise<unknown> {
  const { SourceArn, DestinationArn, MaxNumberOfMessagesPerSecond } = v.parse(Start, input);
  const destination = DestinationArn === undefined ? null : lastPart(DestinationArn, ':');
  const task = await tasks.start(lastPart(SourceArn, ':'), destination, MaxNumberOfMessagesPerSecond ?? null);
  return { TaskHandle: task.handle };
}

async function listMoveTasks(input: unknown, { tasks, behind }: Front): Promise<unknown> {
  const { SourceArn, MaxResults } = v.parse(List, input);
  return { Results: tasks.list(lastPart(SourceArn, ':'), MaxResults).map((task) => taskBody(task, behind)) };
}

async function cancelMoveTask(input: unknown, { tasks }: Front): Promise<unknown> {
  return { ApproximateNumberOfMessagesMoved: tasks.cancel(v.parse(Cancel, input).TaskHandle).moved };
}

async function listSources(input: unknown, { behind, account, call }: Front): Promise<unknown> {
  const { QueueUrl, MaxResults, NextToken } = v.parse(Sources, input);
  const name = lastPart(QueueUrl, '/');
  if (!behind.exists(name)) throw queueDoesNotExist();
  const from = Number(NextToken ?? 0);
  if (!Number.isSafeInteger(from) || from < 0) throw new SqsError('InvalidParameterValue', 'Invalid NextToken value.');
  const all = await behind.sources(name);
  const end = from + MaxResults;
  return {
    queueUrls: all.slice(from, end).map((source) => urlOf(source, account, call.host)),
    ...(end < all.length ? { NextToken: String(end) } : {}),
  };
}

function taskBody(task: MoveTask, behind: MoveQueues) {
  return {
    // AWS gives the handle of a running task only.
    ...(task.status === 'RUNNING' ? { TaskHandle: task.handle } : {}),
    Status: task.status,
    SourceArn: behind.arn(task.source),
    ...(task.destination === null ? {} : { DestinationArn: behind.arn(task.destination) }),
    ...(task.perSecond === null ? {} : { MaxNumberOfMessagesPerSecond: task.perSecond }),
    ApproximateNumberOfMessagesMoved: task.moved,
    ApproximateNumberOfMessagesToMove: task.toMove,
    ...(task.failure === null ? {} : { FailureReason: task.failure }),
    StartedTimestamp: task.startedAt,
  };
}

function moveQueues(queues: Queues, account: string, region: string): MoveQueues {
  const request = async (operation: string, queue: string, input: object): Promise<unknown> => {
    const { status, body } = await queues.request(operation, { QueueUrl: innerUrl(queue), ...input });
    if (status !== 200) throw new SqsError(`${operation}Failed`, JSON.stringify(body).slice(0, 300));
    return body;
  };
  return {
    exists: (queue) => queues.attributes(queue) !== null,
    arn: (queue) => `arn:aws:sqs:${region}:${account}:${queue}`,
    async sources(deadLetterQueue) {
      const { QueueUrls } = v.parse(QueueList, (await queues.request('ListQueues', {})).body);
      return QueueUrls.map((url) => lastPart(url, '/')).filter((name) => {
        const policy = queues.attributes(name)?.RedrivePolicy;
        if (policy === undefined || policy === '') return false;
        const parsed = v.safeParse(Redrive, JSON.parse(policy));
        return parsed.success && lastPart(parsed.output.deadLetterTargetArn, ':') === deadLetterQueue;
      });
    },
    waiting: (queue) => Number(queues.attributes(queue)?.ApproximateNumberOfMessages ?? 0),
    async receive(queue, max) {
      const names = ['All'];
      const wanted = { MaxNumberOfMessages: max, WaitTimeSeconds: 0, AttributeNames: names };
      const body = await request('ReceiveMessage', queue, { ...wanted, MessageAttributeNames: names });
      return v.parse(Received, body).Messages.map(
        (message): Parcel => ({
          body: message.Body,
          receiptHandle: message.ReceiptHandle,
          attributes: message.MessageAttributes,
          groupId: message.Attributes.MessageGroupId ?? null,
        }),
      );
    },
    async send(queue, parcels) {
      // One at a time: ten messages of the full size do not fit into one batch.
      for (const { body, attributes, groupId } of parcels) {
        const group = groupId === null ? {} : { MessageGroupId: groupId };
        const entry = { Id: '0', MessageBody: body, MessageAttributes: attributes, ...group };
        const sent = v.parse(Sent, await request('SendMessageBatch', queue, { Entries: [entry] }));
        const [failed] = sent.Failed;
        if (failed !== undefined) throw new SqsError(failed.Code, `the destination refused a message: ${failed.Code}`);
      }
    },
    async remove(queue, receiptHandles) {
      const Entries = receiptHandles.map((ReceiptHandle, index) => ({ Id: String(index), ReceiptHandle }));
      await request('DeleteMessageBatch', queue, { Entries });
    },
  };
}

function innerUrl(queue: string): string {
  return `http://queues/${INNER_ACCOUNT}/${queue}`;
}

function urlOf(queue: string, account: string, host: string): string {
  return `http://${host}/${account}/${queue}`;
}

const WithUrl = v.looseObject({ QueueUrl: v.string() });
const WithAttributes = v.looseObject({ Attributes: v.record(v.string(), v.string()) });
const WithUrls = v.looseObject({ QueueUrls: v.array(v.string()) });

function inward(input: unknown, account: string): unknown {
  let inner = input;
  if (v.is(WithUrl, inner)) inner = { ...inner, QueueUrl: innerUrl(lastPart(inner.QueueUrl, '/')) };
  return v.is(WithAttributes, inner) ? withAccount(inner, account, INNER_ACCOUNT) : inner;
}

function outward(body: unknown, account: string, host: string): unknown {
  if (v.is(WithUrl, body)) return { ...body, QueueUrl: urlOf(lastPart(body.QueueUrl, '/'), account, host) };
  if (v.is(WithUrls, body)) {
    return { ...body, QueueUrls: body.QueueUrls.map((url) => urlOf(lastPart(url, '/'), account, host)) };
  }
  return v.is(WithAttributes, body) ? withAccount(body, INNER_ACCOUNT, account) : body;
}

/** Queue attributes with the account exchanged in the ARNs they hold. */
function withAccount(holder: v.InferOutput<typeof WithAttributes>, from: string, to: string): unknown {
  const entries = Object.entries(holder.Attributes).map(([name, value]) => [
    name,
    value.replaceAll(`:${from}:`, `:${to}:`),
  ]);
  return { ...holder, Attributes: Object.fromEntries(entries) };
}

function refusal(error: SqsError): ServiceAnswer {
  const body = { __type: `com.amazonaws.sqs#${error.code}`, message: error.message };
  return { status: 400, body, queryCode: error.queryCode };
}
