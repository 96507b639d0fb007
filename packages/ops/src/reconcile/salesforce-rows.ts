import { EXTERNAL_ID_FIELD, type SObjectName } from '@payments/core/record';
import { chunks } from '@payments/functions/adapters/batches';
import type { Salesforce } from '@payments/functions/adapters/salesforce';
import * as v from 'valibot';
import { quoted } from '../adapters/salesforce.ts';
import type { ActualRow } from './compare.ts';

const Page = v.object({
  done: v.boolean(),
  nextRecordsUrl: v.optional(v.nullable(v.string())),
  records: v.array(v.record(v.string(), v.unknown())),
});

/** 200 ids are some 7,000 characters of the 16,384 that Salesforce takes in an address. */
const KEYS_PER_QUERY = 200;

/** All rows of an object that have a Stripe id, 2,000 at a time along Salesforce's own locator. */
export async function* everyRow(
  object: SObjectName,
  columns: readonly string[],
  salesforce: Salesforce,
): AsyncGenerator<readonly ActualRow[]> {
  yield* query(object, columns, `${EXTERNAL_ID_FIELD[object]} != null`, salesforce);
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
