import { randomUUID } from 'node:crypto';
import { coalesce, keyOf } from '@payments/core/batch';
import { LISTS, type List, type Resource } from '@payments/core/listing';
import { type SalesforceRecord, type SObjectName, WRITE_ORDER } from '@payments/core/record';
import type { Salesforce } from '@payments/functions/adapters/salesforce';
import type { StripeReader } from '@payments/functions/adapters/stripe';
import { type Page, type Range, readRanges } from '@payments/functions/operations/reading/ranges';
import { pageReader } from '@payments/functions/operations/reading/read-list';
import type { Checkpoint } from './checkpoint.ts';
import { type Gathering, gather } from './gather.ts';
import { rowsOf } from './rows-of.ts';
import { writeRows } from './write-rows.ts';

export type BackfillWorld = {
  readonly stripe: StripeReader;
  readonly salesforce: Salesforce;
  /** Makes the bulk lane forget what it last sent for these rows: it is no longer what Salesforce has. */
  readonly forget: (object: SObjectName, keys: readonly string[]) => Promise<void>;
  readonly save: (state: Checkpoint) => Promise<void>;
  readonly sleep: (ms: number) => Promise<unknown>;
  readonly stopped: () => boolean;
  /** Objects of a list: `read` from Stripe, and of those the ones whose rows stand in Salesforce. */
  readonly onProgress: (list: List, said: { readonly read: number; readonly standing: number }) => void;
  /** How many rows are written at once. */
  readonly rowsAtOnce?: typeof ROWS_AT_ONCE;
};

/** Of each list. Stripe answers in about 0.2 s: eight at once use the 25 requests a second that it allows an endpoint. */
const WORKERS = 8;
/** A Bulk job takes some minutes for few rows as for many, and 100 MB; these are some 12 MB. */
const ROWS_AT_ONCE: { readonly atLeast: number; readonly atMost: number } = { atLeast: 10_000, atMost: 25_000 };
const FAILURES_KEPT = 1_000;

/** What came of a page, and where it stood; its objects are let go. */
type Mapped = Pick<Page, 'range' | 'last'> & {
  readonly of: Reading;
  readonly objects: number;
  readonly oldest: number | null;
  readonly records: readonly SalesforceRecord[];
};

/** A list that is being read. */
type Reading = {
  readonly list: List;
  readonly own: Checkpoint['lists'][number];
  readonly ranges: Range[];
  read: number;
};

type Wanted = (list: List, record: SalesforceRecord) => boolean;

/**
 * Reads what `state` has left, and says in it how far it came. The lists of one kind are read at the same time, since Stripe
 * limits each by itself; rows are written in the order in which they were read, parents before children.
 */
export async function runBackfill(state: Checkpoint, world: BackfillWorld): Promise<void> {
  const gathering = gather((batch: readonly Mapped[]) => settle(batch, state, world), world.rowsAtOnce ?? ROWS_AT_ONCE);
  let failed = false;
  const stopped = () => failed || gathering.broken() || world.stopped();
  const read = async (of: Reading, isWanted: Wanted): Promise<void> => {
    try {
      await readList(of, isWanted, gathering, { ...world, stopped });
    } catch (error) {
      failed = true;
      throw error;
    }
  };
  try {
    for (const resource of state.resources) {
      const readings = LISTS[resource].flatMap((list) => readingOf(list, state) ?? []);
      const isWanted = wantedRows(resource, state);
      const ended = await Promise.allSettled(readings.map((of) => read(of, isWanted)));
      for (const end of ended) if (end.status === 'rejected') throw end.reason;
      gathering.flush();
    }
  } catch (error) {
    // What was read until then need not be read again.
    await gathering.end().catch(() => {});
    throw error;
  }
  await gathering.end();
}

function readingOf(list: List, state: Checkpoint): Reading | null {
  const own = state.lists.find(({ name }) => name === list.name);
  if (own === undefined || own.left.length === 0) return null;
  return { list, own, ranges: own.left.map(({ from, to }) => ({ from, to, left: to })), read: own.read };
}

/** Where the lists of the parents are read before, a row that only says that its object exists says nothing new. */
function wantedRows(resource: Resource, { resources, since }: Checkpoint): Wanted {
  const whole = (parents: Resource) => resources.includes(parents);
  const parentsLoaded =
    since === 0 && resource !== 'prices' && whole('customers') && (resource !== 'payments' || whole('subscriptions'));
  return (list, record) => !parentsLoaded || record.object === list.object || !isStub(record);
}

/** Says only that the row exists. Where its own list was read before, it does, or a child's failure brings it. */
function isStub({ owners }: SalesforceRecord): boolean {
  return Object.values(owners).length > 0 && Object.values(owners).every(({ version }) => version === 0);
}

async function readList(
  of: Reading,
  isWanted: Wanted,
  gathering: Gathering<Mapped>,
  world: BackfillWorld,
): Promise<void> {
  const { list, own } = of;
  const onPage = async ({ range, last, objects, at }: Page): Promise<void> => {
    const records: SalesforceRecord[] = [];
    for (const { object } of objects) {
      for (const record of await rowsOf(list, object, at, world.stripe)) {
        if (isWanted(list, record)) records.push(record);
      }
    }
    of.read += objects.length;
    world.onProgress(list, { read: of.read, standing: own.read });
    const mapped = { of, range, last, objects: objects.length, oldest: objects.at(-1)?.created ?? null, records };
    await gathering.put(mapped, Math.max(records.length, objects.length));
  };
  const onRequest = () => {
    own.requests += 1;
  };
  await readRanges(of.ranges, {
    workers: WORKERS,
    readPage: pageReader(list, { ...world, onRequest }),
    onPage,
    stopped: world.stopped,
  });
}

/** Writes what came of some pages; then the bulk lane forgets, and only then the pages count as done. */
async function settle(batch: readonly Mapped[], state: Checkpoint, world: BackfillWorld): Promise<void> {
  const records = coalesce(batch.flatMap((page) => page.records));
  const byObject = Map.groupBy(records, ({ object }) => object);
  for (const object of WRITE_ORDER) {
    const some = byObject.get(object);
    if (some === undefined) continue;
    const said = await writeRows(object, some, { ...world, writeId: randomUUID() });
    await world.forget(object, some.map(keyOf));
    state.written[object] = (state.written[object] ?? 0) + said.written;
    state.newer += said.newer;
    state.failures += said.failed.length;
    state.failed.push(...said.failed.slice(0, Math.max(0, FAILURES_KEPT - state.failed.length)));
  }
  for (const { of, range, last, objects, oldest } of batch) {
    of.own.read += objects;
    range.left = last ? null : (oldest ?? range.left);
  }
  const settled = new Set(batch.map(({ of }) => of));
  for (const { own, ranges } of settled) {
    ranges.splice(0, ranges.length, ...ranges.filter(({ left }) => left !== null));
    own.left = ranges.flatMap(({ from, left }) => (left === null ? [] : [{ from, to: left }]));
  }
  await world.save(state);
  for (const { list, own, read } of settled) world.onProgress(list, { read, standing: own.read });
}
