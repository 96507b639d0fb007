import type { Resource } from '@payments/core/listing';
import { EXTERNAL_ID_FIELD, type SObjectName } from '@payments/core/record';
import * as v from 'valibot';
import { chunks } from '../../adapters/batches.ts';
import type { Salesforce } from '../../adapters/salesforce.ts';
import { quoted } from '../../adapters/soql.ts';
import type { ActualRow } from './compare.ts';

const Page = v.object({
  done: v.boolean(),
  nextRecordsUrl: v.optional(v.nullable(v.string())),
  records: v.array(v.record(v.string(), v.unknown())),
});

/** 200 ids are some 7,000 characters of the 16,384 that Salesforce takes in an address. */
const KEYS_PER_QUERY = 200;

/**
 * All rows of an object that have a Stripe id and that these resources tell of, 2,000 at a time along Salesforce's own locator; or
 * those of them that were made in one month.
 */
export async function* everyRow(
  object: SObjectName,
  columns: readonly string[],
  of: { readonly month: string | null; readonly resources: readonly Resource[] },
  salesforce: Salesforce,
): AsyncGenerator<readonly ActualRow[]> {
  const made = of.month === null ? '' : ` AND ${madeIn(of.month)}`;
  yield* query(object, columns, `${rowsOf(object, of.resources)}${made}`, salesforce);
}

/** A plan is the catalogue's, or that of one subscription's item. */
function rowsOf(object: SObjectName, resources: readonly Resource[]): string {
  const named = `${EXTERNAL_ID_FIELD[object]} != null`;
  const catalogue = resources.includes('prices');
  if (object !== 'Pricing_Plan__c' || catalogue === resources.includes('subscriptions')) return named;
  return `${named} AND Stripe_Subscription__c ${catalogue ? '=' : '!='} null`;
}

/** `2026-11`, as a condition on when Salesforce made the row. */
function madeIn(month: string): string {
  const [year = 0, number = 0] = month.split('-').map(Number);
  const first = (offset: number) => new Date(Date.UTC(year, number - 1 + offset)).toISOString().replace('.000', '');
  return `CreatedDate >= ${first(0)} AND CreatedDate < ${first(1)}`;
}

/** Rows that Stripe has no object of any more stay, and are not counted. */
const COUNTED: ReadonlyMap<SObjectName, string> = new Map([
  ['Stripe_Customer__c', ' AND Deleted_In_Stripe__c = false'],
]);

const Counted = v.object({ madeYear: v.number(), madeMonth: v.number(), howMany: v.number(), latest: v.string() });
const Counts = v.object({ records: v.array(Counted) });

/**
 * How many rows of an object there are, by the month in which Salesforce made them, and when one of them was last changed:
 * one query, whatever their number (2,000 groups are 166 years).
 */
export async function countsByMonth(
  object: SObjectName,
  resource: Resource,
  salesforce: Salesforce,
): Promise<ReadonlyMap<string, { readonly rows: number; readonly latest: string }>> {
  const groups = 'CALENDAR_YEAR(CreatedDate), CALENDAR_MONTH(CreatedDate)';
  const selected = 'CALENDAR_YEAR(CreatedDate) madeYear, CALENDAR_MONTH(CreatedDate) madeMonth, COUNT(Id) howMany';
  const soql = `SELECT ${selected}, MAX(SystemModstamp) latest FROM ${object} WHERE ${rowsOf(object, [resource])}${COUNTED.get(object) ?? ''} GROUP BY ${groups}`;
  const { body } = await salesforce({ method: 'GET', path: `/query?q=${encodeURIComponent(soql)}` });
  return new Map(
    v
      .parse(Counts, body)
      .records.map((of) => [
        `${of.madeYear}-${String(of.madeMonth).padStart(2, '0')}`,
        { rows: of.howMany, latest: of.latest },
      ]),
  );
}

/** The rows of these Stripe ids. */
export async function rowsNamed(
  object: SObjectName,
  columns: readonly string[],
  keys: readonly string[],
  salesforce: Salesforce,
): Promise<ReadonlyMap<string, ActualRow>> {
  const found = new Map<string, ActualRow>();
  for (const some of chunks(keys, KEYS_PER_QUERY)) {
    const where = `${EXTERNAL_ID_FIELD[object]} IN (${some.map(quoted).join(', ')})`;
    for await (const rows of query(object, columns, where, salesforce)) for (const row of rows) found.set(row.key, row);
  }
  return found;
}

async function* query(
  object: SObjectName,
  columns: readonly string[],
  where: string,
  salesforce: Salesforce,
): AsyncGenerator<readonly ActualRow[]> {
  const key = EXTERNAL_ID_FIELD[object];
  const selected = [...new Set([key, ...columns])];
  const soql = `SELECT ${selected.join(', ')} FROM ${object} WHERE ${where}`;
  for (let path: string | null = `/query?q=${encodeURIComponent(soql)}`; path !== null; ) {
    const page: v.InferOutput<typeof Page> = v.parse(Page, (await salesforce({ method: 'GET', path })).body);
    yield page.records.map((record) => ({
      key: String(record[key]),
      columns: new Map(selected.map((column) => [column, valueAt(record, column.split('.'))])),
    }));
    // `/services/data/v66.0/query/01g…-2000`
    const next = /\/query\/[^/]+$/.exec(page.nextRecordsUrl ?? '')?.[0];
    path = page.done || next === undefined ? null : next;
  }
}

function valueAt(record: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (value, name) => (typeof value === 'object' && value !== null ? Reflect.get(value, name) : null),
    record,
  );
}
