/**
 * An event source mapping: polls a queue, gathers a batch until its size or window is reached, invokes the function and
 * deletes what succeeded. With partial responses only the reported messages stay, as Lambda does; a function that throws
 * or answers nonsense keeps the whole batch.
 */
import { setTimeout as delay } from 'node:timers/promises';
import * as v from 'valibot';
import type { Queues, ReceivedMessage } from './queues.ts';

export type MappingConfig = {
  readonly queueArn: string;
  readonly batchSize: number;
  readonly windowSeconds: number;
  readonly maximumConcurrency: number;
  readonly partialResponses: boolean;
};

export type Mapping = {
  /** Messages gathered or with the function. */
  inFlight(): number;
  close(): Promise<void>;
};

/** The synchronous payload limit of Lambda closes a batch early: 6 MB, less the envelope. */
const MAX_BATCH_BYTES = 5_800_000;

const LONG_POLL_SECONDS = 1;
/** Between two looks at an empty queue when less than a second of the window is left. */
const SHORT_WAIT_MS = 50;

const BatchResponse = v.nullish(
  v.object({ batchItemFailures: v.nullish(v.array(v.object({ itemIdentifier: v.string() }))) }),
);

export function startMapping(
  config: MappingConfig,
  queues: Pick<Queues, 'receive' | 'remove' | 'release'>,
  invoke: (event: unknown) => Promise<unknown>,
  options: {
    readonly region: string;
    readonly now: () => number;
    readonly onError: (error: unknown) => void;
    /** Whether a message that the function has handled is delivered again all the same: SQS promises at least once. */
    readonly comesAgain?: (message: ReceivedMessage) => boolean;
  },
): Mapping {
  const stop = new AbortController();
  let gathering = 0;
  const running = new Set<Promise<void>>();

  const gather = async (): Promise<ReceivedMessage[]> => {
    const batch: ReceivedMessage[] = [];
    let size = 0;
    let closesAt = Number.POSITIVE_INFINITY;
    while (!stop.signal.aborted && batch.length < config.batchSize && size < MAX_BATCH_BYTES) {
      // Asked once: a moment later the window may have closed.
      const remaining = closesAt - options.now();
      if (remaining <= 0) break;
      const waitSeconds =
        batch.length === 0 ? LONG_POLL_SECONDS : Math.min(LONG_POLL_SECONDS, Math.floor(remaining / 1000));
      const wanted = config.batchSize - batch.length;
      const messages = await queues.receive(config.queueArn, wanted, waitSeconds, stop.signal);
      if (messages.length === 0 && waitSeconds === 0) await delay(Math.max(0, Math.min(SHORT_WAIT_MS, remaining)));
      if (messages.length > 0 && batch.length === 0) closesAt = options.now() + config.windowSeconds * 1000;
      batch.push(...messages);
      gathering = batch.length;
      size += messages.reduce((sum, { Body }) => sum + Body.length, 0);
      if (config.windowSeconds === 0 && batch.length > 0) break;
    }
    return batch;
  };

  const deliver = async (batch: readonly ReceivedMessage[]): Promise<void> => {
    let kept: ReadonlySet<string> = new Set(batch.map(({ MessageId }) => MessageId));
    try {
      const answer = await invoke({
        Records: batch.map((message) => recordOf(message, config.queueArn, options.region)),
      });
      kept = failedIds(answer, config.partialResponses, kept);
    } catch (error) {
      options.onError(error);
    }
    const done = batch.filter(({ MessageId }) => !kept.has(MessageId));
    const again = new Set(done.filter((message) => options.comesAgain?.(message) === true));
    const handles = (messages: Iterable<ReceivedMessage>) => [...messages].map(({ ReceiptHandle }) => ReceiptHandle);
    await queues.release(config.queueArn, handles(again));
    await queues.remove(config.queueArn, handles(new Set(done).difference(again)));
  };

  const loop = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      try {
        const batch = await gather();
        if (batch.length === 0) continue;
        while (running.size >= config.maximumConcurrency) await Promise.race(running);
        const delivery = deliver(batch)
          .catch(options.onError)
          .finally(() => running.delete(delivery));
        running.add(delivery);
        gathering = 0;
        deliveries.set(delivery, batch.length);
      } catch (error) {
        if (!stop.signal.aborted) options.onError(error);
      }
    }
  };
  const deliveries = new WeakMap<Promise<void>, number>();
  const finished = loop();

  return {
    inFlight: () => [...running].reduce((sum, delivery) => sum + (deliveries.get(delivery) ?? 0), gathering),
    async close() {
      stop.abort();
      await finished;
      await Promise.allSettled(running);
    },
  };
}

/** Lambda's rule: an unknown id or a malformed answer fails the whole batch. */
function failedIds(answer: unknown, partial: boolean, all: ReadonlySet<string>): ReadonlySet<string> {
  if (!partial) return new Set();
  const parsed = v.safeParse(BatchResponse, answer);
  if (!parsed.success) return all;
  const failed = (parsed.output?.batchItemFailures ?? []).map(({ itemIdentifier }) => itemIdentifier);
  return failed.every((id) => all.has(id)) ? new Set(failed) : all;
}

function recordOf(message: ReceivedMessage, queueArn: string, region: string) {
  return {
    messageId: message.MessageId,
    receiptHandle: message.ReceiptHandle,
    body: message.Body,
    attributes: message.Attributes ?? {},
    messageAttributes: message.MessageAttributes ?? {},
    md5OfBody: message.MD5OfBody ?? '',
    eventSource: 'aws:sqs',
    eventSourceARN: queueArn,
    awsRegion: region,
  };
}
