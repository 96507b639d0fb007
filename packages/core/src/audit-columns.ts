import { type Column, flag, instant, longText, number, picklist, text } from './columns.ts';
import type { FieldValue } from './record.ts';

/**
 * What the middleware tells people in Salesforce beside Stripe's own objects: what each batch did, what was parked, how
 * the integration is, and which payments failed. The columns are as salesforce/force-app declares them.
 */
export const AUDIT_COLUMNS = {
  Sync_Batch__c: {
    Batch_Key__c: text(255),
    Object__c: text(80),
    Transport__c: picklist('Collections', 'Bulk'),
    Job_ID__c: text(255),
    Rows_Sent__c: number(9),
    Rows_Succeeded__c: number(9),
    Rows_Refused__c: number(9),
    Rows_Failed__c: number(9),
    Oldest_Event_At__c: instant,
    Newest_Event_At__c: instant,
    Started_At__c: instant,
    Finished_At__c: instant,
    API_Calls_Used__c: number(9),
  },
  Sync_Failure__c: {
    Failure_Key__c: text(255),
    Source__c: text(255),
    Event_Type__c: text(255),
    Stripe_Event_ID__c: text(255),
    Stripe_Object_ID__c: text(255),
    Correlation_ID__c: text(255),
    Event_Created_At__c: instant,
    Category__c: picklist('Network', 'Business', 'Data'),
    Code__c: text(255),
    Message__c: longText(4000),
    Attempts__c: number(5),
    First_Failed_At__c: instant,
    Last_Failed_At__c: instant,
    Status__c: picklist('Open', 'Retrying', 'Resolved', 'Discarded'),
    Execution_Link__c: longText(2048),
  },
  Integration_Status__c: {
    Name: text(80),
    Status_Key__c: text(255),
    Health__c: picklist('Healthy', 'Degraded', 'Down'),
    Health_Reason__c: text(255),
    Last_Event_Received_At__c: instant,
    Oldest_Unsettled_Event_At__c: instant,
    Last_Batch__c: { kind: 'lookup' },
    API_Calls_Used__c: number(9),
    API_Calls_Limit__c: number(9),
    Calls_Hour__c: number(9),
    Calls_Hour_Limit__c: number(9),
    Calls_Day__c: number(9),
    Calls_Day_Limit__c: number(9),
    Sync_Lag_Seconds__c: number(9),
  },
  Payment_Failed__e: {
    Event_ID__c: text(255),
    Stripe_Subscription_ID__c: text(255),
    Stripe_Customer_ID__c: text(255),
    Stripe_Payment_Intent_ID__c: text(255),
    Stripe_Invoice_ID__c: text(255),
    Amount__c: { kind: 'number', precision: 18, scale: 3 },
    Currency__c: text(3),
    Failure_Code__c: text(255),
    Attempt_Count__c: number(5),
    Next_Attempt_At__c: instant,
    Is_Final__c: flag,
    Correlation_ID__c: text(255),
  },
} as const satisfies Record<string, Record<string, Column>>;

export type AuditObject = keyof typeof AUDIT_COLUMNS;

/** A row of one of them as it is sent; a column that is not in the table does not compile. */
export type AuditRow<O extends AuditObject> = { readonly [F in keyof (typeof AUDIT_COLUMNS)[O]]?: FieldValue };
