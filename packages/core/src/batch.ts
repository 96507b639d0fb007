import { compareVersions } from './freshness.ts';
import { hashOf } from './hash.ts';
import {
  columnsOf,
  type FieldValue,
  type Owner,
  type OwnerVersion,
  ownersOf,
  type Parent,
  type SalesforceRecord,
  WRITE_ORDER,
} from './record.ts';

/** Many changes → few writes. Pure: buffers, jobs and clocks are elsewhere. */

export type Transport = 'collections' | 'bulk';

/**
 * By how many rows of one object are to be written. A Bulk job costs six calls and some minutes whatever its size;
 * Collections one call per 200 rows. `bulkAbove` is the break-even of the deployment; 0 forces Bulk.
 */
export function chooseTransport(rows: number, bulkAbove: number): Transport {
  return rows > bulkAbove ? 'bulk' : 'collections';
}

/** Names a row before it has a Salesforce id: its external id, else the id of the row that Salesforce made for it. */
export function keyOf(record: Pick<SalesforceRecord, 'externalId' | 'rowId'>): string {
  return record.externalId ?? `row:${record.rowId}`;
}

/**
 * Two states of one row as one: of each owner the newer version, freshness.ts deciding. What the older state says of
 * a column that the newer does not mention is kept, as if both had been written in order. Nothing tells which of two states of
 * one second is newer (docs/decisions/0010): `b` stands, and where an event told of a change in that second, the org refuses
 * that as a tie and Stripe is asked. Columns that nobody owns are `b`'s.
 */
export function mergeRecords(a: SalesforceRecord, b: SalesforceRecord): SalesforceRecord {
  const owners: Partial<Record<Owner, OwnerVersion>> = { ...a.owners, ...b.owners };
  const fields: Record<string, FieldValue> = { ...a.fields, ...b.fields };
  const parents = new Map([...a.parents, ...b.parents].map((parent) => [parent.field, parent]));
  for (const [owner, { columns }] of ownersOf(a.object)) {
    const [before, after] = [a.owners[owner], b.owners[owner]];
    if (before === undefined || after === undefined) continue;
    if (compareVersions(before.version, after.version) !== 'known') continue;
    owners[owner] = before;
    for (const column of columns) {
      const kept = a.fields[column];
      if (kept !== undefined) fields[column] = kept;
      const parent = a.parents.find(({ field }) => field === column);
      if (parent !== undefined) parents.set(column, parent);
    }
  }
  const body = { ...b, fields, owners, parents: [...parents.values()] };
  const rowId = b.rowId ?? a.rowId;
  const externalId = b.externalId ?? a.externalId;
  if (externalId !== null) return { ...body, externalId, rowId };
  return rowId === null ? body : { ...body, externalId, rowId };
}

/**
 * One record per row, parents before children, and rows of one parent side by side: Salesforce locks the parent while
 * it writes a child, so neighbours in one chunk do not wait for each other. Two records that name the same row of ours
 * are one, whether or not one of them knows the external id.
 */
export function coalesce(records: readonly SalesforceRecord[]): readonly SalesforceRecord[] {
  const rows = new Map<string, SalesforceRecord>();
  const places = new Map<string, string>();
  for (const record of records) {
    const names = namesOf(record);
    const place = names.map((name) => places.get(name)).find((known) => known !== undefined) ?? names[0] ?? '';
    const known = rows.get(place);
    const apart = known !== undefined && !mergeable(known, record);
    const key = apart ? (names[0] ?? '') : place;
    rows.set(key, known === undefined || apart ? record : mergeRecords(known, record));
    for (const name of names) places.set(name, key);
  }
  return [...rows.values()].sort(byOrder);
}

/** External id first, so that two external ids that name one row of ours stay two rows. */
function namesOf({ object, externalId, rowId }: SalesforceRecord): readonly string[] {
  const own = externalId === null ? [] : [`${object}/${externalId}`];
  return rowId === null ? own : [...own, `${object}/row:${rowId}`];
}

function mergeable(a: SalesforceRecord, b: SalesforceRecord): boolean {
  return a.externalId === b.externalId || a.externalId === null || b.externalId === null;
}

function byOrder(a: SalesforceRecord, b: SalesforceRecord): number {
  const object = WRITE_ORDER.indexOf(a.object) - WRITE_ORDER.indexOf(b.object);
  return object !== 0 ? object : compareText(parentKey(a), parentKey(b)) || compareText(keyOf(a), keyOf(b));
}

const parentKey = ({ parents }: SalesforceRecord): string => parents[0]?.externalId ?? '';
const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Only what the named owners say, with the columns nobody owns; `null` when nobody is left and none of those is. */
export function onlyOwners(record: SalesforceRecord, keep: ReadonlySet<Owner>): SalesforceRecord | null {
  const dropped = new Set<string>();
  const owners: Partial<Record<Owner, OwnerVersion>> = {};
  for (const [owner, { columns }] of ownersOf(record.object)) {
    const said = record.owners[owner];
    if (said === undefined) continue;
    if (keep.has(owner)) owners[owner] = said;
    else for (const column of columns) dropped.add(column);
  }
  const fields = Object.fromEntries(Object.entries(record.fields).filter(([field]) => !dropped.has(field)));
  const parents = record.parents.filter(({ field }) => !dropped.has(field));
  if (Object.keys(owners).length === 0 && Object.keys(fields).length === 0) return null;
  return { ...record, fields, parents, owners };
}

/**
 * What a row would be told, as a text that does not depend on the order of keys: row, columns, parents and which
 * owners speak, without versions and write mark. A row whose content equals what was last sent need not be sent: the
 * stored version then lags, but the lanes' freshness key knows the newer one and drops whatever is older than it. Two
 * things must be sent all the same, so they are part of the content: that an owner speaks for the first time rather
 * than as a stub, and that its state became terminal.
 */
export function contentOf(record: SalesforceRecord): string {
  const owners = Object.entries(record.owners).map(([owner, said]) => [owner, stage(said)]);
  const parents = record.parents.map(({ field, externalId }) => [field, externalId]);
  return JSON.stringify([
    record.object,
    keyOf(record),
    record.rowId,
    sorted(Object.entries(record.fields)),
    sorted(parents),
    sorted(owners),
  ]);
}

function stage(said: OwnerVersion): string {
  if (said.version === 0) return 'stub';
  return said.version % 100 === 90 ? 'terminal' : 'open';
}

function sorted<T extends readonly unknown[]>(entries: readonly T[]): readonly T[] {
  return [...entries].sort((a, b) => compareText(String(a[0]), String(b[0])));
}

/** {@link contentOf} as a short text. */
export function contentHash(record: SalesforceRecord): string {
  return hashOf(contentOf(record));
}

/**
 * What one owner says, as freshness keys remember it: its own columns and nothing else, so that two events that find the
 * row by different names, or speak of other owners besides, are seen to say the same.
 */
export function ownerHash(record: SalesforceRecord, owner: Owner): string {
  const columns = new Set(ownersOf(record.object).get(owner)?.columns);
  const said = record.owners[owner];
  const fields = Object.entries(record.fields).filter(([name]) => columns.has(name));
  const parents = record.parents.flatMap(({ field, externalId }) => (columns.has(field) ? [[field, externalId]] : []));
  return hashOf(JSON.stringify([owner, said === undefined ? '' : stage(said), sorted(fields), sorted(parents)]));
}

/** The column by which Salesforce finds the parent: `Stripe_Customer__r.Stripe_Customer_ID__c`. */
export function relationColumn(parent: Pick<Parent, 'field' | 'externalIdField'>): string {
  return `${parent.field.replace(/__c$/, '__r')}.${parent.externalIdField}`;
}

type Write = { readonly writeId: string; readonly correlationId: string };

/**
 * A Bulk API 2.0 upload of rows of one object: UTF-8 without BOM, LF. One file with the union of all columns: an
 * empty cell leaves its column alone, `#N/A` clears it. The first column is the key: the external id, or `Id` for rows
 * that our own id names (which then carry the external id as a column).
 */
export function csvOf(
  records: readonly SalesforceRecord[],
  by: 'externalId' | 'rowId',
  writeOf: (record: SalesforceRecord) => Write,
): string {
  const rows = records.map((record) => cellsOf(record, by, writeOf(record)));
  const keyColumn = by === 'rowId' ? 'Id' : (records[0]?.externalIdField ?? 'Id');
  const columns = new Set<string>();
  for (const row of rows) for (const column of row.keys()) columns.add(column);
  columns.delete(keyColumn);
  const header = [keyColumn, ...[...columns].sort()];
  const lines = rows.map((row) => header.map((column) => row.get(column) ?? '').join(','));
  return `${[header.map(quoted).join(','), ...lines].join('\n')}\n`;
}

function cellsOf(record: SalesforceRecord, by: 'externalId' | 'rowId', write: Write): ReadonlyMap<string, string> {
  const cells = new Map<string, string>();
  if (by === 'rowId' && record.rowId !== null) cells.set('Id', quoted(record.rowId));
  if (record.externalId !== null) cells.set(record.externalIdField, quoted(record.externalId));
  for (const [column, value] of Object.entries(columnsOf(record, write))) cells.set(column, cell(value));
  for (const parent of record.parents) cells.set(relationColumn(parent), quoted(parent.externalId));
  return cells;
}

/** An empty text means no value, as in the org itself; an empty cell would mean "leave alone". */
function cell(value: FieldValue): string {
  if (value === null || value === '') return '#N/A';
  return typeof value === 'string' ? quoted(value) : String(value);
}

function quoted(text: string): string {
  return /[",\n\r]/.test(text) || text !== text.trim() ? `"${text.replaceAll('"', '""')}"` : text;
}
