import { createHash } from 'node:crypto';
import { columnsOf, type FieldValue, type SalesforceRecord } from '@payments/core/record';

/** A record as the two transports take it. */

type Write = { readonly writeId: string; readonly correlationId: string };

/** `Stripe_Customer__c` → `Stripe_Customer__r`: the relationship by which a parent is named by its external id. */
function relationOf(field: string): string {
  return field.replace(/__c$/, '__r');
}

type Json = { readonly [name: string]: FieldValue | { readonly [name: string]: string } };

/** For sObject Collections. `by`: whether the row is named by its external id (upsert) or by its Salesforce id (update). */
export function jsonRow(record: SalesforceRecord, write: Write, by: 'externalId' | 'rowId'): Json {
  const row: Record<string, FieldValue | { readonly [name: string]: string }> = {
    attributes: { type: record.object },
    ...columnsOf(record, write),
  };
  if (by === 'rowId') row.Id = record.rowId;
  if (record.externalId !== null) row[record.externalIdField] = record.externalId;
  for (const parent of record.parents) {
    // Both at once are refused (INVALID_FIELD).
    delete row[parent.field];
    row[relationOf(parent.field)] = { [parent.externalIdField]: parent.externalId };
  }
  return row;
}

/** For Bulk API 2.0's CSV: `Stripe_Customer__r.Stripe_Customer_ID__c` names the parent. */
export function csvRow(record: SalesforceRecord, write: Write): Record<string, FieldValue> {
  const row: Record<string, FieldValue> = columnsOf(record, write);
  if (record.externalId !== null) row[record.externalIdField] = record.externalId;
  for (const parent of record.parents) {
    delete row[parent.field];
    row[`${relationOf(parent.field)}.${parent.externalIdField}`] = parent.externalId;
  }
  return row;
}

/**
 * Rows that CSV cannot carry: a lookup that is cleared (its column beside the relation's misbehaves, jsforce#943), a text
 * that is CSV's own word for null, and a row that only its Salesforce id names.
 */
export function fitsCsv(record: SalesforceRecord, lookups: ReadonlySet<string>): boolean {
  if (record.externalId === null || record.rowId !== null) return false;
  return Object.entries(record.fields).every(
    ([name, value]) => value !== '#N/A' && value !== '' && !(value === null && lookups.has(name)),
  );
}

/** What would be written, without versions and marks: equal hashes mean that Salesforce would learn nothing. */
export function hashOf(record: SalesforceRecord): string {
  const fields = Object.entries(record.fields).sort(([a], [b]) => (a < b ? -1 : 1));
  const parents = record.parents.map(({ field, externalId }) => [field, externalId]).sort();
  return createHash('sha256')
    .update(JSON.stringify([record.externalId, record.rowId, fields, parents]))
    .digest('base64url');
}

/** Rows of one parent side by side: two batches or calls that hold the same parent's lock wait for each other. */
export function byParent(a: SalesforceRecord, b: SalesforceRecord): number {
  const order = (record: SalesforceRecord) =>
    `${record.parents.map(({ externalId }) => externalId).join(' ')} ${record.externalId ?? ''}`;
  const [left, right] = [order(a), order(b)];
  return left < right ? -1 : left > right ? 1 : 0;
}
