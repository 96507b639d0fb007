/** SQS on this machine: fauxqs with the deployed queues and redrive policies, spoken to over its wire. */
import { type FauxqsServer, startFauxqs } from 'fauxqs';
import * as v from 'valibot';
import { carried, carriedRequest, uncarried, uncarriedAnswer } from './astral.ts';
import { queryCodeOf } from './sqs-error.ts';

export type QueueConfig = {
  readonly name: string;
  readonly arn: string;
  readonly visibilityTimeoutSeconds: number;
  readonly messageRetentionSeconds: number;
  readonly receiveWaitTimeSeconds: number;
  readonly redrive: { readonly deadLetterArn: string; readonly maxReceiveCount: number } | null;
};

const Received = v.object({
  Messages: v.optional(
    v.array(
      v.object({
        MessageId: v.string(),
        ReceiptHandle: v.string(),
        Body: v.string(),
        MD5OfBody: v.optional(v.string()),
        Attributes: v.optional(v.record(v.string(), v.string())),
        MessageAttributes: v.optional(v.record(v.string(), v.unknown())),
      }),
    ),
  ),
});
export type ReceivedMessage = NonNullable<v.InferOutput<typeof Received>['Messages']>[number];

export type Depth = {
  readonly ready: number;
  readonly delayed: number;
  readonly inFlight: number;
  /** When the oldest message that is not deleted was sent, in milliseconds since 1970. */
  readonly oldestSentAt: number | null;
};

/** A message as it lies in a queue. */
export type Seen = {
  readonly id: string;
  readonly body: string;
  /** Milliseconds since 1970. */
  readonly sentAt: number;
  readonly receives: number;
  /** Those with a text as their value. */
  readonly attributes: Readonly<Record<string, string>>;
};

export type Queues = {
  readonly port: number;
  send(arn: string, body: string, attributes?: Readonly<Record<string, string>>): void;
  /** Waits up to `waitSeconds` (whole seconds, 0–20) for a first message; at most ten messages. */
  receive(
    arn: string,
    maxMessages: number,
    waitSeconds: number,
    signal: AbortSignal,
  ): Promise<readonly ReceivedMessage[]>;
  remove(arn: string, receiptHandles: readonly string[]): Promise<void>;
  /** Makes received messages visible again at once. */
  release(arn: string, receiptHandles: readonly string[]): Promise<void>;
  depth(arn: string): Depth;
  /** Every message that is not deleted, oldest first, without taking any. */
  look(arn: string): readonly Seen[];
  /** Ready messages without taking them: for people and for the judge. */
  peek(arn: string): readonly string[];
  /** As `peek`, of the messages that somebody has received: they come again unless they are deleted. */
  hidden(arn: string): readonly string[];
  /** One operation of the wire, as SQS would answer it; queues are found by the last part of a QueueUrl. */
  request(operation: string, input: unknown): Promise<SqsAnswer>;
  /** What GetQueueAttributes gives for `All`, by the queue's name; `null` when there is none. */
  attributes(name: string): Readonly<Record<string, string>> | null;
  close(): Promise<void>;
};

export type SqsAnswer = {
  readonly status: number;
  readonly body: unknown;
  /** The error's code in the query protocol. */
  readonly queryCode?: string;
};

export async function startQueues(configs: readonly QueueConfig[], region: string): Promise<Queues> {
  const server = await startFauxqs({ port: 0, host: '127.0.0.1', logger: false, defaultRegion: region });
  const names = new Map(configs.map(({ arn, name }) => [arn, name]));
  const urls = new Map<string, string>();
  // A redrive policy names its dead-letter queue, which has to exist first.
  const deadLettersFirst = [...configs].sort((a, b) => Number(a.redrive !== null) - Number(b.redrive !== null));
  for (const config of deadLettersFirst) {
    const { queueUrl, queueArn } = server.createQueue(config.name, {
      region,
      attributes: attributesOf(config, region),
    });
    urls.set(config.arn, queueUrl);
    names.set(queueArn, config.name);
  }
  const nameOf = (arn: string): string => {
    const name = names.get(arn);
    if (name === undefined) throw new Error(`there is no queue ${arn}`);
    return name;
  };
  const urlOf = (arn: string): string => {
    const url = urls.get(arn);
    if (url === undefined) throw new Error(`there is no queue ${arn}`);
    return url;
  };
  const inTens = async (receiptHandles: readonly string[], arn: string, operation: string, change: object) => {
    for (let from = 0; from < receiptHandles.length; from += 10) {
      const entries = receiptHandles
        .slice(from, from + 10)
        .map((ReceiptHandle, index) => ({ Id: String(index), ReceiptHandle, ...change }));
      await call(server, operation, { QueueUrl: urlOf(arn), Entries: entries });
    }
  };
  const inspect = (arn: string) => {
    const found = server.inspectQueue(nameOf(arn));
    if (found === undefined) throw new Error(`there is no queue ${arn}`);
    return found.messages;
  };
  return {
    port: server.port,
    send(arn, body, attributes = {}) {
      const messageAttributes = Object.fromEntries(
        Object.entries(attributes).map(([name, value]) => [name, { DataType: 'String', StringValue: value }]),
      );
      server.sendMessage(nameOf(arn), carried(body), { messageAttributes, region });
    },
    async receive(arn, maxMessages, waitSeconds, signal) {
      const answer = await call(
        server,
        'ReceiveMessage',
        {
          QueueUrl: urlOf(arn),
          MaxNumberOfMessages: Math.min(10, maxMessages),
          WaitTimeSeconds: waitSeconds,
          MessageAttributeNames: ['All'],
          MessageSystemAttributeNames: ['All'],
          AttributeNames: ['All'],
        },
        signal,
      );
      return v.parse(Received, answer).Messages ?? [];
    },
    remove: (arn, receiptHandles) => inTens(receiptHandles, arn, 'DeleteMessageBatch', {}),
    release: (arn, receiptHandles) =>
      inTens(receiptHandles, arn, 'ChangeMessageVisibilityBatch', { VisibilityTimeout: 0 }),
    depth(arn) {
      const { ready, delayed, inflight } = inspect(arn);
      const oldestSentAt = [...ready, ...inflight.map(({ message }) => message)].reduce<number | null>(
        (oldest, { sentTimestamp }) => (oldest === null ? sentTimestamp : Math.min(oldest, sentTimestamp)),
        null,
      );
      return { ready: ready.length, delayed: delayed.length, inFlight: inflight.length, oldestSentAt };
    },
    look(arn) {
      const { ready, delayed, inflight } = inspect(arn);
      const all = [...ready, ...delayed, ...inflight.map(({ message }) => message)];
      return all.map(seen).sort((a, b) => a.sentAt - b.sentAt);
    },
    peek: (arn) => inspect(arn).ready.map(({ body }) => uncarried(body)),
    hidden: (arn) => inspect(arn).inflight.map(({ message }) => uncarried(message.body)),
    request: (operation, input) => request(server, operation, input),
    attributes: (name) => server.inspectQueue(name)?.attributes ?? null,
    close: () => server.stop(),
  };
}

function seen(message: NonNullable<ReturnType<FauxqsServer['inspectQueue']>>['messages']['ready'][number]): Seen {
  const { messageId, body, sentTimestamp, approximateReceiveCount, messageAttributes } = message;
  const attributes = Object.entries(messageAttributes).flatMap(([name, { StringValue }]) =>
    StringValue === undefined ? [] : [[name, StringValue] as const],
  );
  return {
    ...{ id: messageId, body: uncarried(body), sentAt: sentTimestamp, receives: approximateReceiveCount },
    attributes: Object.fromEntries(attributes),
  };
}

function attributesOf(config: QueueConfig, region: string): Record<string, string> {
  const attributes: Record<string, string> = {
    VisibilityTimeout: String(config.visibilityTimeoutSeconds),
    MessageRetentionPeriod: String(config.messageRetentionSeconds),
    ReceiveMessageWaitTimeSeconds: String(config.receiveWaitTimeSeconds),
  };
  if (config.redrive !== null) {
    // fauxqs gives every queue the account 000000000000; only the name decides.
    const name = config.redrive.deadLetterArn.split(':').at(-1) ?? '';
    attributes.RedrivePolicy = JSON.stringify({
      deadLetterTargetArn: `arn:aws:sqs:${region}:000000000000:${name}`,
      maxReceiveCount: config.redrive.maxReceiveCount,
    });
  }
  return attributes;
}

async function call(server: FauxqsServer, operation: string, body: unknown, signal?: AbortSignal): Promise<unknown> {
  const answer = await request(server, operation, body, signal);
  if (answer.status !== 200) {
    throw new Error(`SQS ${operation}: ${answer.status} ${JSON.stringify(answer.body).slice(0, 300)}`);
  }
  return answer.body;
}

async function request(
  server: FauxqsServer,
  operation: string,
  body: unknown,
  signal?: AbortSignal,
): Promise<SqsAnswer> {
  const ask = () =>
    fetch(`http://127.0.0.1:${server.port}/`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': `AmazonSQS.${operation}` },
      body: JSON.stringify(carriedRequest(body)),
      ...(signal === undefined ? {} : { signal }),
    });
  // On a busy machine a connection that was kept alive may be closed at the moment it is used again.
  const response = await ask().catch((error: unknown) => {
    if (signal?.aborted === true) throw error;
    return ask();
  });
  const text = await response.text();
  const queryCode = response.headers.get('x-amzn-query-error')?.split(';')[0];
  return {
    status: response.status,
    body: text === '' ? {} : uncarriedAnswer(body, JSON.parse(text)),
    ...(queryCode === undefined ? {} : { queryCode: queryCodeOf(queryCode) }),
  };
}
