import { LISTS, type List, type Resource } from '@payments/core/listing';
import { EXTERNAL_ID_FIELD, type SObjectName } from '@payments/core/record';
import type { Salesforce } from '@payments/functions/adapters/salesforce';
import type { StripeReader } from '@payments/functions/adapters/stripe';
import { type Range, readRanges } from '../backfill/ranges.ts';
import { pageReader } from '../backfill/read-list.ts';
import { type Difference, differencesOf } from './compare.ts';
import { type ExpectedRow, expectations } from './expected.ts';
import { idsInFlight } from './in-flight.ts';
import { everyRow, rowsNamed } from './salesforce-rows.ts';

export type ReconcileWorld = {
  readonly stripe: StripeReader;
  readonly salesforce: Salesforce;
  readonly sleep: (ms: number) => Promise<unknown>;
  readonly stopped: () => boolean;
  readonly onProgress: (what: string, done: number) => void;
};

export type Outcome = {
  readonly counts: readonly { readonly object: SObjectName; readonly stripe: number; readonly salesforce: number }[];
  readonly differences: readonly Difference[];
  readonly inFlight: number;
  /** Every row that Stripe tells of. */
  readonly rows: readonly ExpectedRow[];
};

const WORKERS = 8;
/** A change takes seconds by the urgent lane, and a minute or two by the bulk lane. */
const IN_FLIGHT_SECONDS = 5 * 60;

const OBJECTS = {
  customers: ['Stripe_Customer__c'],
  subscriptions: ['Stripe_Subscription__c'],
  payments: ['Payment_Transaction__c'],
  prices: ['Pricing_Plan__c', 'Pricing_Tier__c'],
} as const satisfies Record<Resource, readonly SObjectName[]>;

/** Reads Stripe, then Salesforce, compares, and leaves out what events of the last minutes are about. */
export async function reconcile(
  asked: { readonly resources: readonly Resource[]; readonly since: number; readonly until: number },
  world: ReconcileWorld,
): Promise<Outcome> {
  const { stripe } = world;
  const expected = expectations(stripe);
  for (const resource of asked.resources) {
    for (const list of LISTS[resource]) {
      const name: List['name'] = list.name;
      // An event is as old as the deletion, not as its object.
      const from = list.path === '/v1/events' ? 0 : asked.since;
      const ranges: Range[] = [{ from, to: asked.until, left: asked.until }];
      let read = 0;
      await readRanges(ranges, {
        workers: WORKERS,
        readPage: pageReader(list, { stripe, sleep: world.sleep, onRequest: () => {} }),
        onPage: async ({ objects, at }) => {
          for (const { object, created } of objects) await expected.add(list, { object, created, at });
          read += objects.length;
          world.onProgress(name, read);
        },
        stopped: world.stopped,
      });
    }
  }
  const wanted = new Set<SObjectName>(asked.resources.flatMap((resource) => OBJECTS[resource]));
  const rows = expected.rows().filter(({ object }) => wanted.has(object));
  const counts: { object: SObjectName; stripe: number; salesforce: number }[] = [];
  const found: Difference[] = [];
  for (const object of wanted) {
    const own = rows.filter((row) => row.object === object);
    const { differences, count } =
      asked.since === 0 ? await compareAll(object, own, world) : await compareNamed(object, own, world);
    counts.push({ object, stripe: own.length, salesforce: count });
    found.push(...differences);
  }
  const recent = found.length === 0 ? new Set<string>() : await idsInFlight(asked.until - IN_FLIGHT_SECONDS, stripe);
  const moving = found.filter(({ key }) => recent.has(key.split(':')[0] ?? key));
  const inFlight = new Set(moving.map(({ object, key }) => `${object} ${key}`)).size;
  return { counts, differences: found.filter((each) => !moving.includes(each)), inFlight, rows };
}

type Compared = { readonly differences: readonly Difference[]; readonly count: number };

async function compareAll(object: SObjectName, own: readonly ExpectedRow[], world: ReconcileWorld): Promise<Compared> {
  const left = new Map(own.map((row) => [row.key, row]));
  const differences: Difference[] = [];
  const unknown: { key: string; gone: boolean }[] = [];
  const columns = columnsOf(own);
  const mark = GONE_MARK.get(object);
  let count = 0;
  for await (const page of everyRow(
    object,
    [...columns, ...(mark === undefined ? [] : [mark.column])],
    world.salesforce,
  )) {
    for (const actual of page) {
      count += 1;
      const row = left.get(actual.key);
      if (row === undefined) {
        unknown.push({ key: actual.key, gone: mark !== undefined && actual.columns.get(mark.column) === mark.value });
        continue;
      }
      left.delete(actual.key);
      differences.push(...differencesOf(row, actual));
    }
    world.onProgress(object, count);
  }
  for (const row of left.values()) differences.push(...differencesOf(row, undefined));
  for (const { key, gone } of unknown) if (!gone) differences.push(...(await extra(object, key, world.stripe)));
  return { differences, count };
}

/** Rows of these keys only: with `--since` nobody can tell which rows are too many. */
async function compareNamed(
  object: SObjectName,
  own: readonly ExpectedRow[],
  world: ReconcileWorld,
): Promise<Compared> {
  const actual = await actualOf(object, own, world.salesforce);
  return { differences: own.flatMap((row) => differencesOf(row, actual.get(row.key))), count: actual.size };
}

/** What these rows have in Salesforce now, by key. */
export function actualOf(object: SObjectName, rows: readonly ExpectedRow[], salesforce: Salesforce) {
  return rowsNamed(
    object,
    columnsOf(rows),
    rows.map(({ key }) => key),
    salesforce,
  );
}

/** The columns that any row tells of, and the key. */
function columnsOf(rows: readonly ExpectedRow[]): readonly string[] {
  return [...new Set(rows.flatMap(({ columns }) => [...columns.keys()]))];
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

/** A row that no list tells of: Stripe is asked for it by name, for it may have been made a moment ago. */
async function extra(object: SObjectName, key: string, stripe: StripeReader): Promise<readonly Difference[]> {
  const path = PATHS.get(object);
  const said = { object, key, kind: 'extra' as const, column: null, salesforce: 'is there' };
  if (path === undefined) return [{ ...said, stripe: '' }];
  const { body } = await stripe({ path: `${path}/${encodeURIComponent(key)}`, query: [] });
  if (body === null) return [{ ...said, stripe: '' }];
  const deleted = typeof body === 'object' && Reflect.get(body, 'deleted') === true;
  const column = GONE_MARK.get(object)?.column ?? EXTERNAL_ID_FIELD[object];
  return deleted ? [{ ...said, kind: 'different', column, stripe: 'deleted', salesforce: '' }] : [];
}
