import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';

/** A message of a queue that is read by hand. `handle` names this receipt of it. */
export type Letter = {
  readonly body: string;
  readonly handle: string;
  /** Ms since 1970. */
  readonly sentAt: number;
  /** The message's own attributes. */
  readonly attributes: Readonly<Record<string, string>>;
};

/** A queue that no mapping consumes. */
export type LetterBox = {
  /** At most ten that nobody else sees for `hideSeconds`. A queue that gives none may have some: ask again. */
  readonly receive: (hideSeconds: number) => Promise<readonly Letter[]>;
  /** Gone for good. Throws when SQS keeps one: it comes again. */
  readonly remove: (letters: readonly Letter[]) => Promise<void>;
  /** Others see them at once. One that stays hidden comes back by itself, so that failures do not matter. */
  readonly giveBack: (letters: readonly Letter[]) => Promise<void>;
};

/** A queue that is only sent to. */
export type LetterSink = {
  /** In order of the texts, in as few calls as SQS allows. Throws unless all of them are kept; may then be sent twice. */
  readonly send: (bodies: readonly string[], attributes?: Readonly<Record<string, string>>) => Promise<void>;
};

const CONNECT_TIMEOUT_MS = 2_000;
const REQUEST_TIMEOUT_MS = 5_000;
/** SQS's own limit of one call. */
const AT_ONCE = 10;

/** SQS takes a mebibyte in one call, texts and attributes together. */
const MOST_BYTES = 1_000_000;

function connect(): SQSClient {
  return new SQSClient({
    maxAttempts: 3,
    requestHandler: { connectionTimeout: CONNECT_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS },
  });
}

export function letterBox(url: string): LetterBox {
  const client = connect();
  const inTens = async (letters: readonly Letter[], act: (entries: Entry[]) => Promise<void>) => {
    for (let from = 0; from < letters.length; from += AT_ONCE) {
      await act(letters.slice(from, from + AT_ONCE).map(({ handle }, index) => entry(handle, index)));
    }
  };
  return {
    receive: async (hideSeconds) => {
      const { Messages = [] } = await client.send(
        new ReceiveMessageCommand({
          QueueUrl: url,
          MaxNumberOfMessages: AT_ONCE,
          VisibilityTimeout: hideSeconds,
          // A short poll asks some of the queue's servers only, but does not wait a second for nothing.
          WaitTimeSeconds: 0,
          MessageSystemAttributeNames: ['SentTimestamp'],
          MessageAttributeNames: ['All'],
        }),
      );
      return Messages.flatMap(({ Body: body, ReceiptHandle: handle, Attributes, MessageAttributes = {} }) => {
        if (body === undefined || handle === undefined) return [];
        const attributes = Object.fromEntries(
          Object.entries(MessageAttributes).flatMap(([name, { StringValue }]) =>
            StringValue === undefined ? [] : [[name, StringValue]],
          ),
        );
        return [{ body, handle, sentAt: Number(Attributes?.SentTimestamp ?? 0), attributes }];
      });
    },
    remove: (letters) =>
      inTens(letters, async (Entries) => {
        const { Failed = [] } = await client.send(new DeleteMessageBatchCommand({ QueueUrl: url, Entries }));
        const [first] = Failed;
        if (first !== undefined) throw new Error(`SQS kept ${Failed.length} messages: ${first.Code}`);
      }),
    giveBack: (letters) =>
      inTens(letters, async (entries) => {
        const Entries = entries.map((each) => ({ ...each, VisibilityTimeout: 0 }));
        await client.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl: url, Entries }));
      }),
  };
}

export function letterSink(url: string): LetterSink {
  const client = connect();
  return {
    send: async (bodies, attributes = {}) => {
      const MessageAttributes = Object.fromEntries(
        Object.entries(attributes).map(([name, StringValue]) => [name, { DataType: 'String', StringValue }]),
      );
      for (const some of packed(bodies.map(asciiJson))) {
        const Entries = some.map((MessageBody, index) => ({ Id: String(index), MessageBody, MessageAttributes }));
        const { Failed = [] } = await client.send(new SendMessageBatchCommand({ QueueUrl: url, Entries }));
        const [first] = Failed;
        if (first !== undefined) throw new Error(`SQS refused ${Failed.length} messages: ${first.Code}`);
      }
    },
  };
}

/** At most ten texts and {@link MOST_BYTES} a call; one that is longer goes alone. */
export function packed(texts: readonly string[]): readonly (readonly string[])[] {
  const calls: string[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const text of texts) {
    const last = calls.at(-1);
    if (last === undefined || last.length === AT_ONCE || bytes + text.length > MOST_BYTES) {
      calls.push([text]);
      bytes = text.length;
    } else {
      last.push(text);
      bytes += text.length;
    }
  }
  return calls;
}

/** JSON with nothing but ASCII: SQS refuses a few characters (U+FFFE), and an escape says the same. */
export function asciiJson(json: string): string {
  return json.replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

type Entry = { readonly Id: string; readonly ReceiptHandle: string };

function entry(handle: string, index: number): Entry {
  return { Id: String(index), ReceiptHandle: handle };
}
