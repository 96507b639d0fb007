import type { AuditRow } from '@payments/core/audit-columns';
import * as v from 'valibot';

/** A row of Sync_Failure__c that is not settled, as the retries read it. */
const text = v.nullish(v.string(), '');
export const SyncFailure = v.object({
  Failure_Key__c: v.string(),
  Status__c: v.picklist(['Open', 'Retrying']),
  Source__c: v.picklist(['realtime', 'bulk']),
  Stripe_Event_ID__c: text,
  Stripe_Object_ID__c: text,
  Correlation_ID__c: text,
  Execution_Link__c: text,
  LastModifiedDate: v.pipe(
    v.string(),
    v.transform((iso) => Date.parse(iso)),
    v.number(),
  ),
});
export type SyncFailure = v.InferOutput<typeof SyncFailure>;

/** What is written to a row. */
export type Change = Pick<
  AuditRow<'Sync_Failure__c'>,
  'Status__c' | 'Attempts__c' | 'Message__c' | 'Execution_Link__c'
>;
export const RESOLVED: Change = { Status__c: 'Resolved' };
export const openAgain = (more: Omit<Change, 'Status__c'> = {}): Change => ({ Status__c: 'Open', ...more });

/** What a log line says of a row. */
export const idsOf = (failure: SyncFailure) => ({
  failure: failure.Failure_Key__c,
  stripeEventId: failure.Stripe_Event_ID__c,
  stripeObjectId: failure.Stripe_Object_ID__c,
  correlationId: failure.Correlation_ID__c,
});
