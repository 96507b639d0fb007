import { DescribeEventBusCommand, EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { SOURCE } from '@payments/core/routes';

/**
 * Publishing to the bus: the one place that knows which EventBridge it is, so that a move to the newer Custom Event
 * Bus is a change of this file.
 */
export type BusEntry = {
  readonly detailType: string;
  /** JSON text. */
  readonly detail: string;
};

/** `code` is EventBridge's ErrorCode. The message has no text of the entry. */
export class BusRefused extends Error {
  override readonly name = 'BusRefused';
  readonly code: string;
  constructor(code: string) {
    super(`the bus did not take the event (${code}): answer 500 so that Stripe sends it again`);
    this.code = code;
  }
}

/** Error codes of one entry that a second try may cure (PutEventsResultEntry in the SDK's model). */
const TRANSIENT: ReadonlySet<string> = new Set(['ThrottlingException', 'InternalFailure']);

type PutEntry = (entry: BusEntry) => Promise<{
  readonly FailedEntryCount?: number | undefined;
  readonly Entries?:
    | readonly { readonly EventId?: string | undefined; readonly ErrorCode?: string | undefined }[]
    | undefined;
}>;

/** PutEvents answers HTTP 200 for an entry it refused. Resolves only when the entry is on the bus. */
export function publisher(put: PutEntry): (entry: BusEntry) => Promise<void> {
  return async (entry) => {
    const first = refusal(await put(entry));
    if (first === null) return;
    if (!TRANSIENT.has(first)) throw new BusRefused(first);
    const second = refusal(await put(entry));
    if (second !== null) throw new BusRefused(second);
  };
}

function refusal(answer: Awaited<ReturnType<PutEntry>>): string | null {
  const [entry] = answer.Entries ?? [];
  // Both are asked: an answer without an event id is no acknowledgement, whatever its count says.
  if (answer.FailedEntryCount === 0 && entry?.EventId !== undefined) return null;
  return entry?.ErrorCode ?? 'NoAcknowledgement';
}

/** Checkout waits ten seconds for our answer: two tries of three seconds leave time to answer. */
const CONNECT_TIMEOUT_MS = 1_500;
const REQUEST_TIMEOUT_MS = 3_000;

export function eventBridge(busName: string): { readonly put: PutEntry; readonly reachable: () => Promise<void> } {
  const client = new EventBridgeClient({
    maxAttempts: 2,
    requestHandler: { connectionTimeout: CONNECT_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS },
  });
  return {
    put: (entry) =>
      client.send(
        new PutEventsCommand({
          Entries: [
            {
              EventBusName: busName,
              Source: SOURCE,
              DetailType: entry.detailType,
              Detail: entry.detail,
            },
          ],
        }),
      ),
    reachable: async () => {
      await client.send(new DescribeEventBusCommand({ Name: busName }));
    },
  };
}
