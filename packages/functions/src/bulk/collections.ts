import type { SalesforceRecord } from '@payments/core/record';
import * as v from 'valibot';
import { chunks } from '../adapters/batches.ts';
import type { Buffer } from '../adapters/buffer.ts';
import type { Salesforce } from '../adapters/salesforce.ts';
import { missingParent, orphaned, outcomeOfRow } from './classify.ts';
import { ownersOfRows } from './free-rows.ts';
import { failed, type RowOutcome } from './outcome.ts';
import { type RefusedCall, refusedCall } from './refused-call.ts';
import { jsonRow } from './wire-row.ts';

/** A row on its way: `key` names it in the batch. */
export type Outgoing = { readonly key: string; readonly record: SalesforceRecord; readonly correlationId: string };

export type CollectionsWorld = {
  readonly salesforce: Salesforce;
  readonly batchId: string;
  /** Called after each call, so that a crash does not send again what was answered. */
  readonly record: (outcomes: ReadonlyMap<string, RowOutcome>) => Promise<void>;
  /** Without it no row is ever suspected. */
  readonly setbacks?: Setbacks;
} & Waiting;

/** `named`: as the buffer's. Without it an empty row is made of every parent that is missing. */
export type Waiting = { readonly named?: Buffer['named'] };

/** Calls of the batch over which the org broke. */
export type Setbacks = { readonly before: number; readonly add: () => Promise<void> };

/** Most of them are a matter of seconds: only when so many were met is one of the rows suspected. */
const PATIENCE = 2;
/** In a row, while a suspect is looked for: nine lead from two hundred rows to one. After more it is the org, and no row. */
const MOST_BROKEN = 12;

/** Salesforce's limit per call. */
export const ROWS_PER_CALL = 200;

/** What an update by our own Salesforce id may meet when that row is gone, is no row of ours, or lost to another: then the external id decides. */
const ROW_ID_FAILED: ReadonlySet<string> = new Set([
  'NOT_FOUND',
  'ENTITY_IS_DELETED',
  'MALFORMED_ID',
  'INVALID_CROSS_REFERENCE_KEY',
  'INVALID_ID_FIELD',
  'DUPLICATE_VALUE',
]);

/** The row's name in an error, where it is not an outcome yet. */
type Unsettled = {
  readonly row: Outgoing;
  readonly by: By;
  readonly why: 'row-id' | 'parent';
  readonly outcome: RowOutcome;
};
type By = 'externalId' | 'rowId';
type Run = CollectionsWorld & {
  /** Calls in a row over which the org broke. */
  broken: number;
};

/**
 * Sends rows of one object by sObject Collections, one call after the other (two at once would wait for each other's
 * parents). Every row's result is read. A call that is refused whole because of what is in it is taken apart until the
 * row is found. Throws what the machine should do when it is not about the rows.
 */
export async function sendByCollections(rows: readonly Outgoing[], given: CollectionsWorld): Promise<void> {
  const world: Run = { ...given, broken: 0 };
  const taken = await takenByOthers(rows, world);
  const byId = rows.filter((row) => row.record.rowId !== null && !taken.has(row.key));
  const byKey = rows.filter((row) => row.record.rowId === null || taken.has(row.key));
  const first = [...(await sendAll(byId, 'rowId', world)), ...(await sendAll(byKey, 'externalId', world))];

  const fallback = first.filter(({ why }) => why === 'row-id').map(({ row }) => row);
  const second = await sendAll(fallback, 'externalId', world);

  const orphans = [...first, ...second].filter(({ why }) => why === 'parent');
  if (orphans.length === 0) return;
  await stubParents(
    orphans.map(({ row }) => row),
    world,
  );
  const again = (by: By) =>
    sendAll(
      orphans.filter((orphan) => orphan.by === by).map(({ row }) => row),
      by,
      world,
    );
  const left = [...(await again('rowId')), ...(await again('externalId'))];
  await world.record(new Map(left.map(({ row, outcome }) => [row.key, outcome])));
}

/** Keys of rows whose metadata names a row that is another Stripe object's: their own external id decides. */
async function takenByOthers(rows: readonly Outgoing[], world: Pick<Run, 'salesforce'>): Promise<ReadonlySet<string>> {
  const taken = new Set<string>();
  const naming = rows.filter(({ record }) => record.rowId !== null && record.externalId !== null);
  for (const chunk of chunks(naming, ROWS_PER_CALL)) {
    const [first] = chunk;
    if (first === undefined) continue;
    const { object, externalIdField } = first.record;
    const rowIds = chunk.flatMap(({ record }) => record.rowId ?? []);
    const owners = await ownersOfRows(object, externalIdField, rowIds, world.salesforce);
    for (const { key, record } of chunk) {
      const owner = owners.get(record.rowId?.slice(0, 15) ?? '');
      if (owner !== undefined && owner !== record.externalId) taken.add(key);
    }
  }
  return taken;
}

/**
 * Parents that nobody has sent yet, as empty rows: the guard keeps whatever is known. Failures show in the children. Not of one
 * that waits to be written into a row that Salesforce made (a Checkout's): it would get a second row, and the first would stay
 * without it for good. Its children wait for it. Nor of a subscription for the sake of an item's plan: whatever tells of the plan
 * tells of the subscription, so that its row waits, or was refused, and an empty one says less.
 */
export async function stubParents(
  orphans: readonly Outgoing[],
  world: Pick<CollectionsWorld, 'salesforce' | 'batchId'> & Waiting,
): Promise<void> {
  const stubs = new Map<string, Outgoing>();
  for (const { record, correlationId } of orphans) {
    if (record.object === 'Pricing_Plan__c') continue;
    for (const { object, externalIdField, externalId } of record.parents) {
      const fields = object === 'Pricing_Plan__c' ? { Name: externalId.slice(0, 80) } : {};
      const parent: SalesforceRecord = {
        ...{ object, externalIdField, externalId, rowId: null, fields, parents: [] },
        owners: stubOwner(object),
      };
      stubs.set(`${object} ${externalId}`, { key: externalId, record: parent, correlationId });
    }
  }
  for (const [object, rows] of Map.groupBy(stubs.values(), ({ record }) => record.object)) {
    const { salesforce, batchId, named } = world;
    const waiting = await named?.(object, [...new Set(rows.map(({ key }) => key))]);
    const missing = rows.filter(({ key }) => waiting?.has(key) !== true);
    await sendAll(missing, 'externalId', { salesforce, batchId, record: async () => {}, broken: 0 });
  }
}

/** Rows of one parent side by side: two chunks that hold the same parent's lock would wait for each other. */
export function sortedByParent(rows: readonly Outgoing[]): readonly Outgoing[] {
  const order = ({ record, key }: Outgoing) => `${record.parents.map(({ externalId }) => externalId).join(' ')} ${key}`;
  return rows
    .map((row) => ({ row, order: order(row) }))
    .sort((a, b) => (a.order < b.order ? -1 : a.order > b.order ? 1 : 0))
    .map(({ row }) => row);
}

const STUB = { version: 0, fetched: false };
function stubOwner(object: SalesforceRecord['object']): SalesforceRecord['owners'] {
  if (object === 'Stripe_Customer__c') return { customer: STUB };
  if (object === 'Stripe_Subscription__c') return { subscription: STUB };
  if (object === 'Payment_Transaction__c') return { payment_intent: STUB };
  return object === 'Pricing_Plan__c' ? { price: STUB, product: STUB } : {};
}

async function sendAll(rows: readonly Outgoing[], by: By, world: Run): Promise<readonly Unsettled[]> {
  const sorted = sortedByParent(rows);
  const unsettled: Unsettled[] = [];
  for (const chunk of chunks(sorted, ROWS_PER_CALL)) unsettled.push(...(await sendChunk(chunk, by, world)));
  return unsettled;
}

const Results = v.array(
  v.object({
    id: v.optional(v.nullable(v.string())),
    success: v.boolean(),
    errors: v.optional(v.array(v.object({ statusCode: v.string(), message: v.optional(v.string(), '') })), []),
  }),
);

async function sendChunk(rows: readonly Outgoing[], by: By, world: Run): Promise<readonly Unsettled[]> {
  const [first] = rows;
  if (first === undefined) return [];
  const request = { method: 'PATCH', path: pathOf(first.record, by), body: bodyOf(rows, by, world) } as const;
  let body: unknown;
  try {
    ({ body } = await world.salesforce(request));
    world.broken = 0;
  } catch (error) {
    const refused = refusedCall(error);
    if (refused.why === 'perhaps') await bear(refused.failure, world);
    return sendApart(rows, by, refused, world);
  }
  const results = v.parse(Results, body);
  const outcomes = new Map<string, RowOutcome>();
  const unsettled: Unsettled[] = [];
  rows.forEach((row, index) => {
    const result = results[index];
    if (result?.success === true) {
      outcomes.set(row.key, { kind: 'written', salesforceId: result.id ?? null });
      return;
    }
    const { statusCode, message } = result?.errors[0] ?? { statusCode: 'NO_ANSWER', message: '' };
    const outcome: RowOutcome =
      statusCode === 'NO_ANSWER'
        ? failed({ retry: true, code: statusCode, category: 'Network' })
        : outcomeOfRow(statusCode, message);
    const parent = missingParent(statusCode, message, row.record.parents);
    if (by === 'rowId' && row.record.externalId !== null && ROW_ID_FAILED.has(statusCode)) {
      unsettled.push({ row, by, why: 'row-id', outcome });
    } else if (parent !== null) {
      unsettled.push({ row, by, why: 'parent', outcome: orphaned(parent) });
    } else {
      outcomes.set(row.key, outcome);
    }
  });
  await world.record(outcomes);
  return unsettled;
}

/** Throws until a row has to be suspected, and again when it was none. */
async function bear(failure: RefusedCall['failure'], world: Run): Promise<void> {
  world.broken += 1;
  if ((world.setbacks?.before ?? 0) >= PATIENCE && world.broken <= MOST_BROKEN) return;
  await world.setbacks?.add();
  throw failure;
}

async function sendApart(
  rows: readonly Outgoing[],
  by: By,
  { failure, why }: RefusedCall,
  world: Run,
): Promise<readonly Unsettled[]> {
  const parts = why === 'column' ? byColumns(rows, by, world) : halves(rows);
  if (parts.length === 1) {
    const outcome = failed({ retry: why === 'perhaps', code: failure.code, category: failure.category });
    await world.record(new Map(rows.map(({ key }) => [key, outcome])));
    return [];
  }
  const unsettled: Unsettled[] = [];
  for (const part of parts) unsettled.push(...(await sendChunk(part, by, world)));
  return unsettled;
}

function halves(rows: readonly Outgoing[]): readonly (readonly Outgoing[])[] {
  const middle = Math.ceil(rows.length / 2);
  return rows.length === 1 ? [rows] : [rows.slice(0, middle), rows.slice(middle)];
}

function byColumns(rows: readonly Outgoing[], by: By, world: Run): readonly (readonly Outgoing[])[] {
  const columnsOf = ({ record, correlationId }: Outgoing) =>
    Object.keys(jsonRow(record, { writeId: world.batchId, correlationId }, by))
      .sort()
      .join(' ');
  return [...Map.groupBy(rows, columnsOf).values()];
}

function pathOf(record: SalesforceRecord, by: By): string {
  return by === 'rowId' ? '/composite/sobjects' : `/composite/sobjects/${record.object}/${record.externalIdField}`;
}

function bodyOf(rows: readonly Outgoing[], by: By, world: Pick<Run, 'batchId'>): object {
  const records = rows.map(({ record, correlationId }) =>
    jsonRow(record, { writeId: world.batchId, correlationId }, by),
  );
  return { allOrNone: false, records };
}
