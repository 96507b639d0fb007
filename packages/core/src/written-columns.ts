import { AUDIT_COLUMNS, type AuditObject } from './audit-columns.ts';
import { COLUMNS, type Column } from './columns.ts';
import { EXTERNAL_ID_FIELD, ownersOf, type SObjectName } from './record.ts';

/**
 * Every column that the middleware sends to Salesforce, by object. Its user needs the right to edit these and no others:
 * the permission set Stripe_Integration_User is compared with this table, and the table with what the code writes.
 */
export function writtenColumns(): ReadonlyMap<string, ReadonlyMap<string, Column>> {
  const version = { kind: 'number', precision: 18, scale: 0 } as const;
  const written = new Map<string, Map<string, Column>>();
  for (const object of SYNCED) {
    const columns = new Map<string, Column>(Object.entries(COLUMNS[object]));
    const owners = [...ownersOf(object).values()];
    for (const { versionField, columns: owned } of owners) {
      columns.set(versionField, version);
      // A column without a shape of its own in COLUMNS is a lookup: parents are sent apart from the fields.
      for (const column of owned) if (!columns.has(column)) columns.set(column, { kind: 'lookup' });
    }
    if (owners.length > 0) columns.set('Stripe_Write__c', { kind: 'text', length: 255 });
    written.set(object, columns);
  }
  written.get('Pricing_Tier__c')?.set('Pricing_Plan__c', { kind: 'lookup' });
  for (const object of AUDITED) written.set(object, new Map<string, Column>(Object.entries(AUDIT_COLUMNS[object])));
  return written;
}

/** Read and never written: the guard's note of what it refused. */
export const READ_BACK: ReadonlyMap<string, readonly string[]> = new Map(
  (['Stripe_Customer__c', 'Stripe_Subscription__c', 'Payment_Transaction__c', 'Pricing_Plan__c'] as const).map(
    (object) => [object, ['Refused_Write__c']],
  ),
);

/** How rows of an object are found again: upserts name them by it. */
export const UPSERT_KEYS: ReadonlyMap<string, string> = new Map<string, string>([
  ...Object.entries(EXTERNAL_ID_FIELD),
  ['Sync_Batch__c', 'Batch_Key__c'],
  ['Sync_Failure__c', 'Failure_Key__c'],
  ['Integration_Status__c', 'Status_Key__c'],
]);

const SYNCED: readonly SObjectName[] = [
  'Stripe_Customer__c',
  'Stripe_Subscription__c',
  'Payment_Transaction__c',
  'Pricing_Plan__c',
  'Pricing_Tier__c',
];
const AUDITED: readonly AuditObject[] = [
  'Sync_Batch__c',
  'Sync_Failure__c',
  'Integration_Status__c',
  'Payment_Failed__e',
];
