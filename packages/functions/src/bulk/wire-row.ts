import { columnsOf, type FieldValue, type SalesforceRecord } from '@payments/core/record';

type Write = { readonly writeId: string; readonly correlationId: string };
type Json = { readonly [name: string]: FieldValue | { readonly [name: string]: string } };

/** A record for sObject Collections. `by`: named by its external id (upsert) or by its Salesforce id (update). */
export function jsonRow(record: SalesforceRecord, write: Write, by: 'externalId' | 'rowId'): Json {
  const row: Record<string, FieldValue | { readonly [name: string]: string }> = {
    attributes: { type: record.object },
    ...columnsOf(record, write),
  };
  if (by === 'rowId') row.Id = record.rowId;
  if (record.externalId !== null) row[record.externalIdField] = record.externalId;
  for (const parent of record.parents) {
    // Lookup and relation at once are refused (INVALID_FIELD).
    delete row[parent.field];
    row[parent.field.replace(/__c$/, '__r')] = { [parent.externalIdField]: parent.externalId };
  }
  return row;
}

const LOOKUPS: ReadonlySet<string> = new Set(['Stripe_Customer__c', 'Stripe_Subscription__c', 'Pricing_Plan__c']);

/**
 * Whether CSV can carry it: not a row that our own id names (another operation), not a lookup that is cleared (its column
 * beside other rows' relation column misbehaves, jsforce#943), not a text that is CSV's own word for null.
 */
export function fitsCsv(record: SalesforceRecord): boolean {
  if (record.externalId === null || record.rowId !== null) return false;
  return Object.entries(record.fields).every(
    ([name, value]) => value !== '#N/A' && !(value === null && LOOKUPS.has(name)),
  );
}
