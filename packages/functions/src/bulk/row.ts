import { isObject } from '@payments/core/event';
import { versionOf } from '@payments/core/freshness';
import {
  EXTERNAL_ID_FIELD,
  type FieldValue,
  type Owner,
  type OwnerVersion,
  ownersOf,
  type Parent,
  type SalesforceRecord,
  type SObjectName,
} from '@payments/core/record';
import * as v from 'valibot';

/**
 * A row as it waits in Redis: one per (object, external id), merged from many events. Each column remembers whose word it
 * is, so that newest-wins is decided per owner and column, in whatever order events arrive.
 */

/** Version, fetched (1 or 0) and event id of whoever spoke. Short names: a hundred thousand rows hold them. */
export type Say = { readonly v: number; readonly f: 0 | 1; readonly e: string };

/** `x` is JSON text of the value (or of a Parent): opaque to Lua, whose JSON reader loses long numbers and refuses lone surrogates. */
export type Column = Say & { readonly x: string };

export type BufferedRow = {
  /** JSON text of the RowIdentity. */
  readonly id: string;
  readonly columns: Readonly<Record<string, Column>>;
  readonly owners: Readonly<Record<string, Say>>;
  /** The events in it, as they came; at most {@link EVENTS_KEPT}. */
  readonly events: readonly string[];
  /**
   * Events of which nothing is in it, and which are done when it is written: they said what is older. Of a row that was put
   * back, those as well that were in it.
   */
  readonly outdone?: readonly string[];
  /** Of the newest of its events. */
  readonly eventId: string;
  readonly correlationId: string;
  /** Times in ms since 1970. `oldestAt` and `newestAt` are Stripe's event times. */
  readonly oldestAt: number;
  readonly newestAt: number;
  /** When we received the oldest event in it: a replay of the archive from then brings all of them again. */
  readonly receivedAt: number;
  readonly firstBufferedAt: number;
  readonly notBefore: number;
  readonly attempts: number;
  /** 1: a job failed as a whole with this row in it; it goes by Collections, where each row has its own outcome. */
  readonly apart: 0 | 1;
  /** 1: the org has had its content since before; only the version is new. */
  readonly lagged: 0 | 1;
  /**
   * Of a row that was given up and put back: its Sync_Failure__c rows, how often it was put back, and how often it had been
   * tried until then; `attempts` counts anew.
   */
  readonly failures?: readonly string[];
  readonly redrives?: number;
  readonly tried?: number;
};

/** More are not needed: an event that is forgotten here is harmless when it is repeated (its version is not newer). */
export const EVENTS_KEPT = 200;

/** What an event says about a row, in the row's own shape; Lua merges it. */
export type Incoming = Pick<
  BufferedRow,
  'id' | 'columns' | 'owners' | 'receivedAt' | 'failures' | 'redrives' | 'tried' | 'outdone'
> & {
  readonly e: string;
  readonly at: number;
  readonly correlationId: string;
  /** 1: a tie that nobody can break is settled by the greater event id. */
  readonly settle: 0 | 1;
};

/**
 * `atSecond` is Stripe's time of the state: the event's `created`, or the second it was fetched. `receivedAt` is the
 * envelope's, ms since 1970: the time under which the archive keeps the event.
 */
export function incomingFrom(
  record: SalesforceRecord,
  said: {
    readonly eventId: string;
    readonly atSecond: number;
    readonly receivedAt: number;
    readonly fetched: boolean;
    readonly correlationId: string;
    readonly settle?: boolean;
  },
): Incoming {
  const ownerOfColumn = new Map<string, Owner>();
  const owners: Record<string, Say> = {};
  for (const [owner, { columns }] of ownersOf(record.object)) {
    const version = record.owners[owner];
    if (version === undefined) continue;
    owners[owner] = { v: version.version, f: version.fetched ? 1 : 0, e: said.eventId };
    for (const column of columns) ownerOfColumn.set(column, owner);
  }
  const nobody: Say = { v: versionOf(said.atSecond, 'updated'), f: said.fetched ? 1 : 0, e: said.eventId };
  const columns: Record<string, Column> = {};
  const put = (name: string, value: FieldValue | Parent) => {
    const owner = ownerOfColumn.get(name);
    columns[name] = { ...((owner === undefined ? undefined : owners[owner]) ?? nobody), x: JSON.stringify(value) };
  };
  for (const [name, value] of Object.entries(record.fields)) put(name, value);
  for (const parent of record.parents) put(parent.field, parent);
  return {
    id: JSON.stringify({ externalId: record.externalId, rowId: record.rowId }),
    columns,
    owners,
    e: said.eventId,
    at: said.atSecond * 1_000,
    receivedAt: said.receivedAt,
    correlationId: said.correlationId,
    settle: said.settle === true ? 1 : 0,
  };
}

export function recordFrom(object: SObjectName, row: BufferedRow): SalesforceRecord {
  const fields: Record<string, FieldValue> = {};
  const parents: Parent[] = [];
  const known = new Map<string, number>();
  for (const [owner, { columns }] of ownersOf(object)) {
    for (const column of columns) known.set(column, row.owners[owner]?.v ?? 0);
  }
  for (const [name, { v: version, x }] of Object.entries(row.columns)) {
    // A stub's guess is for a row that nobody knows; beside a real state it would pass for that state's word.
    if (version === 0 && (known.get(name) ?? 0) > 0) continue;
    const value = v.parse(ColumnValue, JSON.parse(x));
    if (typeof value === 'object' && value !== null) parents.push(value);
    else fields[name] = value;
  }
  const owners: Partial<Record<Owner, OwnerVersion>> = {};
  for (const owner of ownersOf(object).keys()) {
    const say = row.owners[owner];
    if (say !== undefined) owners[owner] = { version: say.v, fetched: say.f === 1 };
  }
  const identity = v.parse(Identity, JSON.parse(row.id));
  return { object, externalIdField: EXTERNAL_ID_FIELD[object], ...identity, fields, parents, owners };
}

const Identity = v.union([
  v.object({ externalId: v.string(), rowId: v.nullable(v.string()) }),
  v.object({ externalId: v.null(), rowId: v.string() }),
]);

const ColumnValue = v.union([
  v.string(),
  v.number(),
  v.boolean(),
  v.null(),
  v.object({
    field: v.string(),
    object: v.picklist([
      'Stripe_Customer__c',
      'Stripe_Subscription__c',
      'Payment_Transaction__c',
      'Pricing_Plan__c',
      'Pricing_Tier__c',
    ]),
    externalIdField: v.string(),
    externalId: v.string(),
  }),
]);

/** By reference: ten thousand rows are read at once. Only our own Lua writes them. */
export const BufferedRowSchema = v.custom<BufferedRow>(
  (value) =>
    isObject(value) &&
    typeof value.id === 'string' &&
    isObject(value.columns) &&
    isObject(value.owners) &&
    Array.isArray(value.events) &&
    typeof value.eventId === 'string' &&
    typeof value.correlationId === 'string' &&
    typeof value.newestAt === 'number' &&
    typeof value.receivedAt === 'number' &&
    typeof value.attempts === 'number',
  'not a buffered row',
);
