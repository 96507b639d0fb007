import { randomUUID } from 'node:crypto';
import { coalesce, keyOf } from '@payments/core/batch';
import { LISTS, type List, type Resource } from '@payments/core/listing';
import { type SalesforceRecord, type SObjectName, WRITE_ORDER } from '@payments/core/record';
import type { Salesforce } from '@payments/functions/adapters/salesforce';
import type { StripeReader } from '@payments/functions/adapters/stripe';
import type { Checkpoint } from './checkpoint.ts';
import { type Page, type Range, readRanges } from './ranges.ts';
import { pageReader } from './read-list.ts';
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
  readonly onProgress: (list: List, said: { readonly read: number; readonly rows: number }) => void;
};

/** Stripe answers in about 0.2 s: eight at once use the 25 requests a second that it allows an endpoint. */
const WORKERS = 8;
/** Of one upload; a Bulk job takes ten million. Twice as many are held at most: those being written and those being read. */
const ROWS_AT_ONCE = 10_000;
const FAILURES_KEPT = 1_000;

/** Reads what `state` has left, and says in it how far it came. Parents before children. */
export async function runBackfill(state: Checkpoint, world: BackfillWorld): Promise<void> {
  const whole = (resource: Resource) => state.resources.includes(resource);
  for (const resource of state.resources) {
    const parentsLoaded =
      resource !== 'prices' && whole('customers') && (resource !== 'payments' || whole('subscriptions'));
    for (const list of LISTS[resource]) {
      if (world.stopped()) return;
      await runList(list, state, { ...world, parentsLoaded: parentsLoaded && state.since === 0 });
    }
  }
}

type ListWorld = BackfillWorld & { readonly parentsLoaded: boolean };
type Waiting = { readonly page: Page; readonly records: readonly SalesforceRecord[] };

async function runList(list: List, state: Checkpoint, world: ListWorld): Promise<void> {
  const own = state.lists.find(({ name }) => name === list.name);
  if (own === undefined || own.left.length === 0) return;
  const ranges: Range[] = own.left.map(({ from, to }) => ({ from, to, left: to }));
  let waiting: Waiting[] = [];
  let rows = 0;
  let done = 0;
  let writing: Promise<void> = Promise.resolve();
  let held: Promise<void> = writing;

  const settle = async (batch: readonly Waiting[]): Promise<void> => {
    await writeBatch(batch, state, world);
    for (const { page } of batch) {
      own.read += page.objects.length;
      page.range.left = page.last ? null : (page.objects.at(-1)?.created ?? page.range.left);
    }
    own.left = ranges.flatMap(({ from, left }) => (left === null ? [] : [{ from, to: left }]));
    done += batch.reduce((sum, { records }) => sum + records.length, 0);
    await world.save(state);
    world.onProgress(list, { read: own.read, rows: done });
  };
  /** One batch after the other. Readers wait for the one before the last, so that two are held and no more. */
  const flush = (): void => {
    const batch = waiting;
    waiting = [];
    rows = 0;
    held = writing;
    writing = writing.then(() => settle(batch));
    // Whoever waits for it hears of it.
    writing.catch(() => {});
  };
  const isWanted = (record: SalesforceRecord) =>
    !world.parentsLoaded || record.object === list.object || !isStub(record);
  const onPage = async (page: Page): Promise<void> => {
    const records: SalesforceRecord[] = [];
    for (const { object } of page.objects) {
      records.push(...(await rowsOf(list, object, page.at, world.stripe)).filter(isWanted));
    }
    await held;
    waiting.push({ page, records });
    rows += records.length;
    if (rows >= ROWS_AT_ONCE) flush();
  };
  await readRanges(ranges, {
    workers: WORKERS,
    readPage: pageReader(list, {
      ...world,
      onRequest: () => {
        own.requests += 1;
      },
    }),
    onPage,
    stopped: world.stopped,
  });
  flush();
  await writing;
}

/** Writes what came of some pages; then the bulk lane forgets, and only then the pages count as done. */
async function writeBatch(batch: readonly Waiting[], state: Checkpoint, world: ListWorld): Promise<void> {
  const records = coalesce(batch.flatMap((one) => one.records));
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
}

/** Says only that the row exists. Where its own list was read before, it does, or a child's failure brings it. */
function isStub({ owners }: SalesforceRecord): boolean {
  return Object.values(owners).length > 0 && Object.values(owners).every(({ version }) => version === 0);
}
