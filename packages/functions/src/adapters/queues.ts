import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';

/** A message of a queue that is read by hand. `handle` names this receipt of it. */
export type Letter = {
  readonly body: string;
  readonly handle: string;
  /** Ms since 1970. */
  readonly sentAt: number;
};

/** A queue that no mapping consumes. */
export type LetterBox = {
  /** At most ten, and none when the queue says it is empty; nobody else sees them for `hideSeconds`. */
  readonly receive: (hideSeconds: number) => Promise<readonly Letter[]>;
  /** Gone for good. Throws when SQS keeps one: it comes again. */
  readonly remove: (letters: readonly Letter[]) => Promise<void>;
  /** Others see them at once. One that stays hidden comes back by itself, so that failures do not matter. */
  readonly giveBack: (letters: readonly Letter[]) => Promise<void>;
};

const CONNECT_TIMEOUT_MS = 2_000;
const REQUEST_TIMEOUT_MS = 5_000;
/** SQS's own limit of one call. */
const AT_ONCE = 10;

export function letterBox(url: string): LetterBox {
  const client = new SQSClient({
    maxAttempts: 3,
    requestHandler: { connectionTimeout: CONNECT_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS },
  });
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
          // Long polling asks every server of the queue, which a short poll does not.
          WaitTimeSeconds: 1,
          MessageSystemAttributeNames: ['SentTimestamp'],
        }),
      );
      return Messages.flatMap(({ Body, ReceiptHandle, Attributes }) =>
        Body === undefined || ReceiptHandle === undefined
          ? []
          : [{ body: Body, handle: ReceiptHandle, sentAt: Number(Attributes?.SentTimestamp ?? 0) }],
      );
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

type Entry = { readonly Id: string; readonly ReceiptHandle: string };

function entry(handle: string, index: number): Entry {
  return { Id: String(index), ReceiptHandle: handle };
}
