import { LISTS, type List, type ListName, type Resource } from '@payments/core/listing';
import { EXTERNAL_ID_FIELD, type SObjectName } from '@payments/core/record';
import type { Salesforce } from '../../adapters/salesforce.ts';
import type { StripeReader } from '../../adapters/stripe.ts';
import { type Range, readRanges } from '../reading/ranges.ts';
import { pageReader } from '../reading/read-list.ts';
import { comparable, type Difference, differencesOf } from './compare.ts';
import { idsInFlight } from './in-flight.ts';
import { type RowTable, rowTable } from './row-table.ts';
import { everyRow, rowsNamed } from './salesforce-rows.ts';
import { type Suspects, suspects } from './suspects.ts';
import { type ExpectedRow, rowsTold, tellableColumns } from './told.ts';

export type ReconcileWorld = {
  readonly stripe: StripeReader;
  readonly salesforce: Salesforce;
  readonly sleep: (ms: number) => Promise<unknown>;
  readonly stopped: () => boolean;
  readonly onProgress: (what: string, done: number) => void;
};

export type Asked = {
  readonly resources: readonly Resource[];
  /** Seconds since 1970, by Stripe's clock; since 0 is everything. */
  readonly since: number;
  readonly until: number;
  /** Where it is known that all else agreed and has not changed. Not with `since`. */
  readonly only?: Changed;
};

/** Months as `2026-11`: of Salesforce's rows when the row was made, of Stripe's lists when the object was. */
export type Changed = {
  /** `null`: all rows. */
  readonly rows: (object: SObjectName) => readonly string[] | null;
  readonly lists: (list: ListName, month: string) => boolean;
};

export type Outcome = {
  readonly counts: readonly { readonly object: SObjectName; readonly stripe: number; readonly salesforce: number }[];
  /** By month in which the Stripe object was created (UTC). */
  readonly months: readonly { readonly month: string; readonly rows: number; readonly wrong: number }[];
  readonly differences: readonly Difference[];
  readonly inFlight: number;
  /** What Stripe says of the rows that are missing or different. */
  readonly rows: readonly ExpectedRow[];
};

const WORKERS = 8;
/** A change takes seconds by the urgent lane, and a minute or two by the bulk lane. */
const IN_FLIGHT_SECONDS = 5 * 60;
/** Rows that are asked for by name at once: ten queries' worth. */
const NAMED_AT_ONCE = 2_000;

export const OBJECTS = {
  customers: ['Stripe_Customer__c'],
  subscriptions: ['Stripe_Subscription__c', 'Pricing_Plan__c'],
  payments: ['Payment_Transaction__c'],
  prices: ['Pricing_Plan__c', 'Pricing_Tier__c'],
} as const satisfies Record<Resource, readonly SObjectName[]>;

/**
 * Compares in three steps, so that little is held and little is read twice. Salesforce's rows are read once, 2,000 a call, and
 * kept as hashes. Stripe's lists, which know no counts and no hashes and have to be read as they are, go past them page by page.
 * Rows whose hashes differ, or that only one side has, are then read from both with their values; what events of the last
 * minutes are about is left out. Memory: some 250 bytes for each row, and the rows that differ.
 */
export async function reconcile(asked: Asked, world: ReconcileWorld): Promise<Outcome> {
  const wanted = new Set<SObjectName>(asked.resources.flatMap((resource) => OBJECTS[resource]));
  const tables = new Map<SObjectName, RowTable>();
  if (asked.since === 0) for (const object of wanted) tables.set(object, await hashesOf(object, asked, world));
  /** Whether a row that is not in the table is not in Salesforce. */
  const whole = (object: SObjectName) => asked.only === undefined || asked.only.rows(object) === null;
  const found = suspects();
  const named = byName(found, world);
  const months = new Map<string, number>();
  const told = new Map<SObjectName, Set<string>>([...wanted].map((object) => [object, new Set()]));

  await everyList(asked, world, async (list, said) => {
    for (const row of await rowsTold(list, said, world.stripe)) {
      const { object, key, created } = row;
      if (!wanted.has(object)) continue;
      if (created > 0) months.set(monthOf(created), (months.get(monthOf(created)) ?? 0) + 1);
      const table = tables.get(object);
      if (table === undefined) {
        told.get(object)?.add(key);
        await named.add(row);
      } else if (table.has(key) || whole(object)) found.compare(row, table);
      else if (asked.only?.lists(list.name, monthOf(said.created))) await named.add(row);
    }
  });
  // What was not read looks missing: nothing is judged, and Stripe is not asked for each of those rows.
  if (world.stopped()) return { counts: [], months: [], differences: [], inFlight: 0, rows: [] };
  await named.flush();

  const differences: Difference[] = [];
  const counts: { object: SObjectName; stripe: number; salesforce: number }[] = [];
  for (const object of wanted) {
    const table = tables.get(object);
    const { differing, missing } = await differencesIn(object, found.of(object), world.salesforce);
    differences.push(...differing);
    if (table !== undefined) {
      differences.push(...(await extras(object, table, world)));
      counts.push({ object, stripe: table.told() + missing, salesforce: table.count() });
    } else {
      const all = told.get(object)?.size ?? 0;
      counts.push({ object, stripe: all, salesforce: all - missing });
    }
  }
  const recent =
    differences.length === 0 ? new Set<string>() : await idsInFlight(asked.until - IN_FLIGHT_SECONDS, world.stripe);
  const moving = new Set(differences.filter(({ key }) => recent.has(key.split(':')[0] ?? key)));
  const still = differences.filter((each) => !moving.has(each));
  const rows = [...wanted].flatMap((object) => found.of(object));
  return {
    counts,
    ...{ months: byMonth(months, rows, still), differences: still, rows },
    inFlight: new Set([...moving].map(nameOf)).size,
  };
}

/** Every object of the lists of these resources. */
export async function everyList(
  asked: Pick<Asked, 'resources' | 'since' | 'until'>,
  world: ReconcileWorld,
  onObject: (list: List, said: { object: unknown; created: number; at: number }) => Promise<void>,
): Promise<void> {
  for (const resource of asked.resources) {
    for (const list of LISTS[resource]) {
      // An event is as old as the deletion, not as its object.
      const from = list.path === '/v1/events' ? 0 : asked.since;
      const ranges: Range[] = [{ from, to: asked.until, left: asked.until }];
      let read = 0;
      await readRanges(ranges, {
        workers: WORKERS,
        readPage: pageReader(list, { stripe: world.stripe, sleep: world.sleep, onRequest: () => {} }),
        onPage: async ({ objects, at }) => {
          for (const { object, created } of objects) await onObject(list, { object, created, at });
          read += objects.length;
          world.onProgress(list.name, read);
        },
        stopped: world.stopped,
      });
    }
  }
}

async function hashesOf(object: SObjectName, { only, resources }: Asked, world: ReconcileWorld): Promise<RowTable> {
  const columns = tellableColumns(object);
  const mark = GONE_MARK.get(object);
  const kept = [...new Set([...columns, ...(mark === undefined ? [] : [mark.column])])];
  const table = rowTable(kept);
  const months = only === undefined ? null : only.rows(object);
  for (const month of months ?? [null]) {
    for await (const page of everyRow(object, kept, { month, resources }, world.salesforce)) {
      for (const row of page) table.put(row.key, (column) => comparable(column, row.columns.get(column)));
      world.onProgress(object, table.count());
      if (world.stopped()) return table;
    }
  }
  return table;
}

/** Rows of which Salesforce is asked by name, because no table has them: some are kept until there are enough for a call. */
function byName(found: Suspects, { salesforce }: ReconcileWorld) {
  const waiting = new Map<SObjectName, ExpectedRow[]>();
  const look = async (object: SObjectName): Promise<void> => {
    const rows = waiting.get(object) ?? [];
    waiting.delete(object);
    const actual = await actualOf(object, rows, salesforce);
    for (const row of rows) if (differencesOf(row, actual.get(row.key)).length > 0) found.add(row);
  };
  return {
    add: async (row: ExpectedRow): Promise<void> => {
      const rows = waiting.get(row.object) ?? [];
      waiting.set(row.object, rows);
      rows.push(row);
      if (rows.length >= NAMED_AT_ONCE) await look(row.object);
    },
    flush: async (): Promise<void> => {
      for (const object of [...waiting.keys()]) await look(object);
    },
  };
}

async function differencesIn(object: SObjectName, rows: readonly ExpectedRow[], salesforce: Salesforce) {
  const differing: Difference[] = [];
  let missing = 0;
  for (let at = 0; at < rows.length; at += NAMED_AT_ONCE) {
    const some = rows.slice(at, at + NAMED_AT_ONCE);
    const actual = await actualOf(object, some, salesforce);
    for (const row of some) {
      if (!actual.has(row.key)) missing += 1;
      differing.push(...differencesOf(row, actual.get(row.key)));
    }
  }
  return { differing, missing };
}

/** What these rows have in Salesforce now, by key. */
export function actualOf(object: SObjectName, rows: readonly ExpectedRow[], salesforce: Salesforce) {
  const columns = [...new Set(rows.flatMap((row) => [...row.columns.keys()]))];
  const keys = [...new Set(rows.map(({ key }) => key))];
  return rowsNamed(object, columns, keys, salesforce);
}

/** How a row says that its object was deleted in Stripe: such an object is in no list, and its row stays. */
const GONE_MARK: ReadonlyMap<SObjectName, { readonly column: string; readonly value: boolean }> = new Map([
  ['Stripe_Customer__c', { column: 'Deleted_In_Stripe__c', value: true }],
  ['Pricing_Plan__c', { column: 'Active__c', value: false }],
]);

const PATHS: ReadonlyMap<SObjectName, string> = new Map([
  ['Stripe_Customer__c', '/v1/customers'],
  ['Stripe_Subscription__c', '/v1/subscriptions'],
  ['Payment_Transaction__c', '/v1/payment_intents'],
  ['Pricing_Plan__c', '/v1/prices'],
]);

/** Rows that no list tells of: Stripe is asked for each by name, for it may have been made a moment ago. */
async function extras(
  object: SObjectName,
  table: RowTable,
  { stripe, stopped }: Pick<ReconcileWorld, 'stripe' | 'stopped'>,
): Promise<readonly Difference[]> {
  const mark = GONE_MARK.get(object);
  const found: Difference[] = [];
  for (const key of table.untold()) {
    if (stopped()) break;
    if (mark !== undefined && table.isSame(key, mark.column, comparable(mark.column, mark.value))) continue;
    found.push(...(await extra(object, key, stripe)));
  }
  return found;
}

async function extra(object: SObjectName, key: string, stripe: StripeReader): Promise<readonly Difference[]> {
  const path = key.startsWith('si_') ? '/v1/subscription_items' : PATHS.get(object);
  const said = { object, key, kind: 'extra' as const, column: null, salesforce: 'is there' };
  if (path === undefined) return [{ ...said, stripe: '' }];
  const { body } = await stripe({ path: `${path}/${encodeURIComponent(key)}`, query: [] });
  if (body === null) return [{ ...said, stripe: '' }];
  const deleted = typeof body === 'object' && Reflect.get(body, 'deleted') === true;
  const column = GONE_MARK.get(object)?.column ?? EXTERNAL_ID_FIELD[object];
  return deleted ? [{ ...said, kind: 'different', column, stripe: 'deleted', salesforce: '' }] : [];
}

function byMonth(
  months: ReadonlyMap<string, number>,
  rows: readonly ExpectedRow[],
  differences: readonly Difference[],
): Outcome['months'] {
  const wrong = new Set(differences.map(nameOf));
  const bad = Map.groupBy(
    rows.filter((row) => row.created > 0 && wrong.has(nameOf(row))),
    ({ created }) => monthOf(created),
  );
  return [...months]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([month, count]) => ({ month, rows: count, wrong: bad.get(month)?.length ?? 0 }));
}

export const monthOf = (seconds: number): string => new Date(seconds * 1_000).toISOString().slice(0, 7);
const nameOf = ({ object, key }: { readonly object: SObjectName; readonly key: string }): string => `${object} ${key}`;
