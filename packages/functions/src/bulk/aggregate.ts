import { BudgetWait, NeverRetry } from '@payments/core/failure';
import type { SObjectName } from '@payments/core/record';
import { chunks } from '../adapters/batches.ts';
import type { LetterSink } from '../adapters/queues.ts';
import type { StatusNotes } from '../adapters/status-notes.ts';
import { sorted } from '../realtime/crossing.ts';
import { isWaiting } from '../realtime/step.ts';
import { MAX_READINGS, undecided } from '../realtime/until-it-stands.ts';
import { type BufferTenWorld, bufferTen, type Work } from './buffer-ten.ts';
import { poisonedBy } from './poisoned-letter.ts';
import { type Failed, lineOf, type MessageLine, type Parsed, parsed, type QueueMessage } from './queue-message.ts';
import { type Reads, readFrom, refetched, wasRead } from './statement.ts';

/**
 * The queue's consumer: low-priority events become rows in the buffer. Each message stands or falls alone; one that comes
 * twice changes nothing (an equal version of the same event is stored over itself).
 */
export type AggregateWorld = Reads &
  Omit<BufferTenWorld, 'log'> & {
    readonly received: StatusNotes['received'];
    /** The queue BulkPoisoned. */
    readonly poisoned: LetterSink;
    /** Asked for each object whose buffer grew beyond `flushAbove`; its failure is not the messages' failure. */
    readonly startFlush: (object: SObjectName) => Promise<void>;
    readonly flushAbove: number;
    readonly log: (line: AggregateLine) => void;
  };

export type AggregateLine = MessageLine & {
  /** `put off`: nothing is wrong with it, it comes again. `given up`: it can never be read and lies in BulkPoisoned. */
  readonly outcome: 'buffered' | 'dropped' | 'nothing' | 'failed' | 'put off' | 'given up' | 'flush-not-started';
  readonly rows?: number;
  readonly error?: string;
};

/** Stripe allows 100 reads a second; ten at once is a few dozen, and leaves the rest to the realtime lane. */
const READS_AT_ONCE = 10;
const MESSAGES_PER_CALL = 10;
/** Read, then buffered, before the next ones are read: what was read is not lost with a run that is cut off. */
const MESSAGES_TOGETHER = 100;

/**
 * Gives the ids of the messages that have to come again. Throws when Redis fails: then all of them come again. Once `stop` is
 * aborted nothing more is read: what was read is buffered still, the rest comes again.
 */
export async function aggregate(
  messages: readonly QueueMessage[],
  world: AggregateWorld,
  stop: AbortSignal,
): Promise<{ readonly failed: readonly string[] }> {
  const failures: Failed[] = [];
  const readable = parsed(messages, failures);
  const received = readable.map(({ event }) => Date.parse(event.detail.receivedAt));
  if (received.length > 0) await world.received(Math.max(...received));
  const grown = new Map<SObjectName, number>();
  const inTime = beforeStop(stop);
  for (const some of chunks(readable, MESSAGES_TOGETHER)) await bufferSome(some, world, { grown, failures, inTime });

  for (const [object, waiting] of grown) {
    if (waiting <= world.flushAbove) continue;
    await world.startFlush(object).catch((error: unknown) => {
      world.log({ outcome: 'flush-not-started', error: nameOf(sorted(error)) });
    });
  }
  const failed: string[] = [];
  for (const failure of failures) {
    if (!(await givenUp(failure, world))) failed.push(failure.message.messageId);
  }
  return { failed: [...new Set(failed)] };
}

type InTime = <Result>(step: () => Promise<Result>) => Promise<Result>;
type Run = { readonly grown: Map<SObjectName, number>; readonly failures: Failed[]; readonly inTime: InTime };

async function bufferSome(
  messages: readonly Parsed[],
  world: AggregateWorld,
  { grown, failures, inTime }: Run,
): Promise<void> {
  let works = await eachOf(messages, (message) => inTime(() => readMessage(message, world)), failures);
  for (let readings = 0; works.length > 0; readings += 1) {
    const ties: Work[] = [];
    for (const ten of chunks(works, MESSAGES_PER_CALL)) ties.push(...(await bufferTen(ten, world, grown, failures)));
    if (readings === MAX_READINGS) {
      failures.push(...ties.map(({ message, event }) => ({ message, event, error: undecided(event.detail.event.id) })));
      break;
    }
    works = await eachOf(ties, (work) => inTime(() => breakTie(work, world)), failures);
  }
}

async function readMessage(message: Parsed, world: AggregateWorld): Promise<Work> {
  const statement = await readFrom(message.event.detail.event, world);
  return { ...message, statement, settle: false };
}

/**
 * Two states of one second: what Stripe says in a later one is right. Where the object is gone, both lanes agree on the
 * greater event id.
 */
async function breakTie(work: Work, world: AggregateWorld): Promise<Work> {
  const statement = await refetched(work.statement, world);
  return { ...work, statement, settle: !wasRead(statement) };
}

/** Throws BudgetWait for a step that has not ended when it is time to stop; whatever it reads then is nobody's. */
function beforeStop(stop: AbortSignal): InTime {
  const stopped = new Promise<never>((_, reject) => {
    const cut = () => reject(new BudgetWait('no time is left in this run', { code: 'OUT_OF_TIME', retryAfterMs: 0 }));
    if (stop.aborted) cut();
    stop.addEventListener('abort', cut, { once: true });
  });
  stopped.catch(() => {});
  return (step) => (stop.aborted ? stopped : Promise.race([step(), stopped]));
}

/** Runs `step` for each item, a few at once; what throws is a failure of its own message. */
async function eachOf<Item extends Parsed, Result>(
  items: readonly Item[],
  step: (item: Item) => Promise<Result>,
  failures: Failed[],
): Promise<readonly Result[]> {
  const results: (Result | undefined)[] = [];
  const queue = items.entries();
  const worker = async () => {
    for (const [index, item] of queue) {
      try {
        results[index] = await step(item);
      } catch (error) {
        failures.push({ message: item.message, event: item.event, error });
      }
    }
  };
  await Promise.all(Array.from({ length: READS_AT_ONCE }, worker));
  return results.filter((result) => result !== undefined);
}

/**
 * Tells a failure. What can never be read is for people: it goes to the queue of last resort at once, with its reason, instead
 * of coming again until SQS gives it up. `false`: the message has to come again.
 */
async function givenUp({ message, error, event }: Failed, world: AggregateWorld): Promise<boolean> {
  const failure = sorted(error);
  const line = { ...lineOf(message, event), error: nameOf(failure) };
  if (isWaiting(failure)) {
    world.log({ outcome: 'put off', ...line });
    return false;
  }
  const about = { Lane: 'bulk', ...(event === undefined ? {} : { EventType: event.detail.event.type }) } as const;
  world.count('Tries', 1, about);
  world.count('Errors', 1, { ...about, Category: failure.category });
  const kept = failure instanceof NeverRetry && (await isKept(message, failure, world));
  world.log({ outcome: kept ? 'given up' : 'failed', ...line });
  return kept;
}

async function isKept({ body }: QueueMessage, failure: NeverRetry, { poisoned }: AggregateWorld): Promise<boolean> {
  return poisoned.send([body], poisonedBy(failure)).then(
    () => true,
    () => false,
  );
}

/** Without the message, which may name what was read. */
function nameOf({ name, code }: { readonly name: string; readonly code: string }): string {
  return `${name} ${code}`;
}
