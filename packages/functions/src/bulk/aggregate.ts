import { keyOf } from '@payments/core/batch';
import { isThin } from '@payments/core/event';
import { type Category, NeverRetry, RetryLater } from '@payments/core/failure';
import type { Count } from '@payments/core/metrics';
import type { SObjectName } from '@payments/core/record';
import * as v from 'valibot';
import { chunks } from '../adapters/batches.ts';
import type { Buffer, PutOutcome } from '../adapters/buffer.ts';
import type { FreshnessStore } from '../adapters/freshness-store.ts';
import type { StatusNotes } from '../adapters/status-notes.ts';
import { type BusEvent, BusEventSchema, isReplayed } from '../realtime/machine-input.ts';
import { MAX_READINGS, undecided } from '../realtime/until-it-stands.ts';
import { judged } from './judged.ts';
import { incomingFrom } from './row.ts';
import { type Reads, readFrom, refetched, type Statement, wasRead } from './statement.ts';

/**
 * The queue's consumer: low-priority events become rows in the buffer. Each message stands or falls alone; one that comes
 * twice changes nothing (an equal version of the same event is stored over itself).
 */
export type QueueMessage = { readonly messageId: string; readonly body: string };

export type AggregateWorld = Reads & {
  readonly freshness: Pick<FreshnessStore, 'known'>;
  readonly buffer: Pick<Buffer, 'put'>;
  readonly received: StatusNotes['received'];
  /** Asked for each object whose buffer grew beyond `flushAbove`; its failure is not the messages' failure. */
  readonly startFlush: (object: SObjectName) => Promise<void>;
  readonly flushAbove: number;
  readonly log: (line: AggregateLine) => void;
  readonly count: Count;
};

export type AggregateLine = {
  readonly outcome: 'buffered' | 'dropped' | 'nothing' | 'failed' | 'flush-not-started';
  readonly messageId?: string;
  readonly stripeEventId?: string;
  readonly stripeObjectId?: string;
  readonly correlationId?: string;
  readonly type?: string;
  readonly replayed?: true;
  readonly rows?: number;
  readonly error?: string;
};

/** Stripe allows 100 reads a second; ten at once is a few dozen, and leaves the rest to the realtime lane. */
const READS_AT_ONCE = 10;
const MESSAGES_PER_CALL = 10;

/** Messages that come again. */
const REFUSED: ReadonlyMap<PutOutcome, Error> = new Map([
  ['broken', new Error('row cannot be read by the buffer')],
  [
    'late',
    new RetryLater('a replay would not bring it again if Redis were lost now: wait until the status covers it', {
      code: 'NOT_COVERED',
      category: 'Network',
    }),
  ],
]);

type Parsed = { readonly message: QueueMessage; readonly event: BusEvent };
type Work = Parsed & {
  readonly statement: Statement;
  /** Nobody can break its tie: the greater event id wins. */
  readonly settle: boolean;
};
type Failed = { readonly message: QueueMessage; readonly error: unknown; readonly event?: BusEvent };

/** Gives the ids of the messages that have to come again. Throws when Redis fails: then all of them come again. */
export async function aggregate(
  messages: readonly QueueMessage[],
  world: AggregateWorld,
): Promise<{ readonly failed: readonly string[] }> {
  const failures: Failed[] = [];
  const readable = parsed(messages, failures);
  const received = readable.map(({ event }) => Date.parse(event.detail.receivedAt));
  if (received.length > 0) await world.received(Math.max(...received));
  let works = await eachOf(readable, (message) => readMessage(message, world), failures);
  const grown = new Map<SObjectName, number>();
  for (let readings = 0; works.length > 0; readings += 1) {
    const ties: Work[] = [];
    for (const ten of chunks(works, MESSAGES_PER_CALL)) ties.push(...(await bufferTen(ten, world, grown, failures)));
    if (readings === MAX_READINGS) {
      failures.push(...ties.map(({ message, event }) => ({ message, event, error: undecided(event.detail.event.id) })));
      break;
    }
    works = await eachOf(ties, (work) => breakTie(work, world), failures);
  }

  for (const [object, waiting] of grown) {
    if (waiting <= world.flushAbove) continue;
    await world.startFlush(object).catch((error: unknown) => {
      world.log({ outcome: 'flush-not-started', error: nameOf(error) });
    });
  }
  for (const { message, error, event } of failures) {
    world.log({ outcome: 'failed', ...lineOf(message, event), error: nameOf(error) });
    const about = { Lane: 'bulk', ...(event === undefined ? {} : { EventType: event.detail.event.type }) } as const;
    world.count('Tries', 1, about);
    world.count('Errors', 1, { ...about, Category: categoryOf(error) });
  }
  return { failed: [...new Set(failures.map(({ message }) => message.messageId))] };
}

const BodySchema = v.pipe(v.string(), v.parseJson(), BusEventSchema);

function parsed(messages: readonly QueueMessage[], failures: Failed[]): readonly Parsed[] {
  return messages.flatMap((message) => {
    const body = v.safeParse(BodySchema, message.body);
    if (body.success) return [{ message, event: body.output }];
    failures.push({ message, error: new v.ValiError(body.issues) });
    return [];
  });
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

/** One call per object. Gives the messages that tied: their objects have to be read in a later second. */
async function bufferTen(
  works: readonly Work[],
  world: AggregateWorld,
  grown: Map<SObjectName, number>,
  failures: Failed[],
): Promise<readonly Work[]> {
  const verdicts = await judged(
    works.map(({ statement }) => statement),
    world.freshness,
  );
  const ties = new Set<Work>();
  const byObject = new Map<SObjectName, { work: Work; key: string; incoming: ReturnType<typeof incomingFrom> }[]>();
  works.forEach((work, index) => {
    const verdict = verdicts[index];
    if (verdict === undefined) return;
    if (verdict.tie && !work.settle) {
      ties.add(work);
      return;
    }
    const { event, records, source } = { ...work.statement, records: verdict.records };
    for (const record of records) {
      const incoming = incomingFrom(record, {
        eventId: event.id,
        atSecond: source.fetchedAt ?? event.created,
        receivedAt: Date.parse(work.event.detail.receivedAt),
        fetched: source.fetchedAt !== null,
        correlationId: work.event.detail.correlationId,
        settle: work.settle,
      });
      const list = byObject.get(record.object) ?? [];
      list.push({ work, key: keyOf(record), incoming });
      byObject.set(record.object, list);
    }
  });
  const stored = new Map<Work, number>();
  const refused = new Set<Work>();
  for (const [object, rows] of byObject) {
    const { outcomes, waiting } = await world.buffer.put(object, rows);
    grown.set(object, waiting);
    rows.forEach(({ work }, index) => {
      const outcome: PutOutcome = outcomes[index] ?? 'broken';
      if (outcome === 'tie') ties.add(work);
      if (outcome === 'stored') stored.set(work, (stored.get(work) ?? 0) + 1);
      const error = REFUSED.get(outcome);
      if (error === undefined || refused.has(work)) return;
      refused.add(work);
      failures.push({ message: work.message, event: work.event, error });
    });
  }
  for (const work of works) {
    if (refused.has(work) || (ties.has(work) && !work.settle)) continue;
    const rows = stored.get(work) ?? 0;
    const outcome = rows > 0 ? 'buffered' : work.statement.records.length === 0 ? 'nothing' : 'dropped';
    world.log({ outcome, ...lineOf(work.message, work.event), rows });
    countHandled(work.event, outcome, world.count);
  }
  return [...ties].filter((work) => !refused.has(work) && !work.settle);
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

function countHandled(event: BusEvent, Outcome: 'buffered' | 'nothing' | 'dropped', count: Count): void {
  count('Tries', 1, { Lane: 'bulk', EventType: event.detail.event.type });
  count('EventsHandled', 1, { Lane: 'bulk', Outcome });
  if (Outcome === 'dropped') count('StaleWritesRefused', 1, { Lane: 'bulk', By: 'redis' });
  if (isReplayed(event)) count('Replayed', 1, { Lane: 'bulk' });
}

function lineOf(message: QueueMessage, event: BusEvent | undefined): Omit<AggregateLine, 'outcome'> {
  return {
    messageId: message.messageId,
    ...(event === undefined
      ? {}
      : {
          stripeEventId: event.detail.event.id,
          ...stripeObjectOf(event),
          correlationId: event.detail.correlationId,
          type: event.detail.event.type,
          ...(isReplayed(event) ? { replayed: true } : {}),
        }),
  };
}

function stripeObjectOf({ detail: { event } }: BusEvent): { readonly stripeObjectId?: string } {
  const id = isThin(event) ? event.objectId : event.data.object.id;
  return typeof id === 'string' ? { stripeObjectId: id } : {};
}

/** RetryLater and its kin know; what valibot refused is data; of the rest nothing is known but that it may pass. */
function categoryOf(error: unknown): Category {
  if (error instanceof RetryLater || error instanceof NeverRetry) return error.category;
  return v.isValiError(error) ? 'Data' : 'Network';
}

/** A message of valibot or JSON.parse quotes what it read, which may name a person. */
function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  if (v.isValiError(error)) return `BAD_INPUT at ${v.getDotPath(error.issues[0]) ?? '(root)'}`;
  return 'code' in error && typeof error.code === 'string' ? `${error.name} ${error.code}` : error.name;
}
