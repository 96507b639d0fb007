import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import type { Deployment } from '../deployment/deployment.ts';
import { NotReached } from '../frame/problem.ts';

export type Depth = {
  readonly waiting: number;
  /** Received by somebody and not given back yet. */
  readonly held: number;
};

export type Message = {
  readonly id: string;
  readonly handle: string;
  readonly body: string;
  /** Milliseconds since 1970. */
  readonly sentAt: number;
  /** Set by the bus on dead letters: RULE_ARN, ERROR_CODE, ERROR_MESSAGE … */
  readonly attributes: Readonly<Record<string, string>>;
};

/** The stage's queues, each by the name that the stacks give it (`BulkPoisoned`). */
export type Queues = {
  readonly depth: (name: string) => Promise<Depth>;
  /** Up to ten messages, hidden from everyone else for `hideSeconds`; none: nothing is visible now. */
  readonly receive: (name: string, hideSeconds: number) => Promise<readonly Message[]>;
  readonly giveBack: (name: string, messages: readonly Message[]) => Promise<void>;
  readonly remove: (name: string, message: Message) => Promise<void>;
  readonly send: (name: string, body: string) => Promise<void>;
};

const PER_CALL = 10;

export function queuesOf(deployment: Deployment): Queues {
  const client = new SQSClient(deployment.aws);
  const urls = new Map<string, Promise<string>>();
  const url = (name: string): Promise<string> => {
    const known = urls.get(name) ?? urlOf(client, `${deployment.prefix}-${name}`, deployment);
    urls.set(name, known);
    return known;
  };
  return {
    depth: async (name) => {
      const { Attributes = {} } = await client.send(
        new GetQueueAttributesCommand({
          QueueUrl: await url(name),
          AttributeNames: [
            'ApproximateNumberOfMessages',
            'ApproximateNumberOfMessagesDelayed',
            'ApproximateNumberOfMessagesNotVisible',
          ],
        }),
      );
      const count = (text: string | undefined) => Number(text ?? 0);
      return {
        waiting: count(Attributes.ApproximateNumberOfMessages) + count(Attributes.ApproximateNumberOfMessagesDelayed),
        held: count(Attributes.ApproximateNumberOfMessagesNotVisible),
      };
    },
    receive: async (name, hideSeconds) => {
      const { Messages = [] } = await client.send(
        new ReceiveMessageCommand({
          QueueUrl: await url(name),
          MaxNumberOfMessages: PER_CALL,
          VisibilityTimeout: hideSeconds,
          // Short: long polling (the queues' default, 20 s) only helps who waits for the next one.
          WaitTimeSeconds: 1,
          MessageAttributeNames: ['All'],
          MessageSystemAttributeNames: ['SentTimestamp'],
        }),
      );
      return Messages.map(({ MessageId = '', ReceiptHandle = '', Body = '', Attributes, MessageAttributes = {} }) => ({
        id: MessageId,
        handle: ReceiptHandle,
        body: Body,
        sentAt: Number(Attributes?.SentTimestamp ?? 0),
        attributes: Object.fromEntries(
          Object.entries(MessageAttributes).map(([key, { StringValue = '' }]) => [key, StringValue]),
        ),
      }));
    },
    giveBack: async (name, messages) => {
      for (let from = 0; from < messages.length; from += PER_CALL) {
        await client.send(
          new ChangeMessageVisibilityBatchCommand({
            QueueUrl: await url(name),
            Entries: messages.slice(from, from + PER_CALL).map(({ handle }, index) => ({
              Id: String(index),
              ReceiptHandle: handle,
              VisibilityTimeout: 0,
            })),
          }),
        );
      }
    },
    remove: async (name, { handle }) => {
      await client.send(new DeleteMessageCommand({ QueueUrl: await url(name), ReceiptHandle: handle }));
    },
    send: async (name, body) => {
      await client.send(new SendMessageCommand({ QueueUrl: await url(name), MessageBody: body }));
    },
  };
}

async function urlOf(client: SQSClient, name: string, { stage, region }: Deployment): Promise<string> {
  try {
    const { QueueUrl } = await client.send(new GetQueueUrlCommand({ QueueName: name }));
    if (QueueUrl !== undefined) return QueueUrl;
  } catch (cause) {
    if (!(cause instanceof Error) || !/QueueDoesNotExist|NonExistentQueue/.test(cause.name)) throw cause;
    throw new NotReached(`there is no queue ${name} in ${region}: is the stage ${stage} deployed here?`, { cause });
  }
  throw new NotReached(`AWS gives no address for the queue ${name}`);
}
