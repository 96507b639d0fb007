import type { AuditRow } from '@payments/core/audit-columns';
import type { StatusRow } from '@payments/core/recovery';
import * as v from 'valibot';
import type { Salesforce } from './adapters/salesforce.ts';
import { SalesforceFailure } from './adapters/salesforce-failure.ts';

/**
 * The one row of `Integration_Status__c`: for people, how the integration is; for the recovery after a loss of Redis,
 * from when on events may be missing. Written by the flush alone (bulk/report.ts).
 */
const PATH = '/sobjects/Integration_Status__c/Status_Key__c/default';

export type Status = Omit<AuditRow<'Integration_Status__c'>, 'Status_Key__c' | 'Last_Batch__c'>;

/** `lastBatch`: key of a `Sync_Batch__c` row. Throws SalesforceFailure. */
export async function writeStatus(status: Status, lastBatch: string | null, salesforce: Salesforce): Promise<void> {
  const batch = lastBatch === null ? {} : { Last_Batch__r: { Batch_Key__c: lastBatch } };
  await salesforce({ method: 'PATCH', path: PATH, body: { Name: 'Stripe', ...status, ...batch } });
}

/** Whether it was refused because the batch that it names has been purged, or never had a row. */
export function lacksBatch(error: unknown): boolean {
  return (
    error instanceof SalesforceFailure && error.status === 400 && error.text.startsWith('Foreign key external ID: ')
  );
}

const Row = v.object({
  Oldest_Unsettled_Event_At__c: v.nullable(
    v.pipe(
      v.string(),
      v.transform((text) => Date.parse(text)),
      v.number(),
    ),
  ),
});

/** Throws SalesforceFailure; a row that is not there yet is one that has said nothing. */
export async function readStatus(salesforce: Salesforce): Promise<Extract<StatusRow, { kind: 'read' }>> {
  try {
    const { body } = await salesforce({ method: 'GET', path: `${PATH}?fields=Oldest_Unsettled_Event_At__c` });
    return { kind: 'read', oldestUnsettledAt: v.parse(Row, body).Oldest_Unsettled_Event_At__c };
  } catch (error) {
    if (error instanceof SalesforceFailure && error.status === 404) return { kind: 'read', oldestUnsettledAt: null };
    throw error;
  }
}
