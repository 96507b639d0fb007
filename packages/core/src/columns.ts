import type { SObjectName } from './record.ts';

/**
 * What each column holds, as salesforce/force-app declares it (a test compares the two). A value is fitted to its
 * column before it is sent: one over-long name must not fail a payment.
 */
export type Column =
  | { readonly kind: 'text'; readonly length: number }
  | { readonly kind: 'longText'; readonly length: number }
  | { readonly kind: 'email' | 'phone' | 'url'; readonly length: number }
  | { readonly kind: 'number'; readonly precision: number; readonly scale: number }
  | { readonly kind: 'picklist'; readonly values: readonly string[] }
  | { readonly kind: 'instant' | 'flag' | 'lookup' };

export const text = (length: number) => ({ kind: 'text', length }) as const;
export const longText = (length: number) => ({ kind: 'longText', length }) as const;
const money = (scale: number) => ({ kind: 'number', precision: 18, scale }) as const;
export const number = (precision: number) => ({ kind: 'number', precision, scale: 0 }) as const;
export const picklist = (...values: string[]) => ({ kind: 'picklist', values }) as const;
export const instant = { kind: 'instant' } as const;
export const flag = { kind: 'flag' } as const;

export const COLUMNS = {
  Stripe_Customer__c: {
    Stripe_Customer_ID__c: text(255),
    Customer_Email__c: { kind: 'email', length: 80 },
    Customer_Name__c: text(255),
    Customer_Phone__c: { kind: 'phone', length: 40 },
    Default_Payment_Method__c: text(255),
    Deleted_In_Stripe__c: flag,
    Contact_ID_In_Stripe__c: text(18),
  },
  Stripe_Subscription__c: {
    Stripe_Subscription_ID__c: text(255),
    Product_Plan_Name__c: text(255),
    Stripe_Price_ID__c: text(255),
    Status__c: picklist(
      'active',
      'canceled',
      'incomplete',
      'incomplete_expired',
      'past_due',
      'trialing',
      'unpaid',
      'paused',
    ),
    Current_Period_Start__c: instant,
    Current_Period_End__c: instant,
    Amount__c: money(3),
    Currency__c: text(3),
    Cancel_At_Period_End__c: flag,
    Trial_End__c: instant,
    Stripe_Checkout_Session_ID__c: text(255),
    Checkout_URL__c: { kind: 'url', length: 255 },
    Checkout_Link__c: longText(2048),
    Sync_Status__c: picklist('Pending', 'Checkout Created', 'Completed', 'Failed'),
    Error_Message__c: longText(32_768),
  },
  Payment_Transaction__c: {
    Stripe_Payment_Intent_ID__c: text(255),
    Amount__c: money(3),
    Currency__c: text(3),
    Status__c: picklist(
      'requires_payment_method',
      'requires_confirmation',
      'requires_action',
      'processing',
      'requires_capture',
      'canceled',
      'succeeded',
    ),
    Payment_Method_Type__c: text(255),
    Transaction_Date__c: instant,
    Stripe_Invoice_ID__c: text(255),
    Failure_Code__c: text(255),
    Failure_Message__c: longText(255),
    Amount_Refunded__c: money(3),
    Dispute_Status__c: text(255),
    Dispute_Reason__c: text(255),
  },
  Pricing_Plan__c: {
    Name: text(80),
    Plan_Key__c: text(255),
    Stripe_Price_ID__c: text(255),
    Amount__c: money(8),
    Currency__c: text(3),
    Recurrency_Type__c: picklist('Monthly', 'Yearly', 'One-time', 'Daily', 'Weekly', 'Quarterly', 'Semiannual'),
    Interval_Count__c: number(4),
    Quantity__c: number(18),
    Tiers_Mode__c: picklist('graduated', 'volume'),
    Usage_Type__c: picklist('licensed', 'metered'),
    Stripe_Product_ID__c: text(255),
    Active__c: flag,
    Description__c: longText(32_768),
  },
  Pricing_Tier__c: {
    Name: text(80),
    Tier_Key__c: text(255),
    Tier_Number__c: number(5),
    From_Quantity__c: number(18),
    To_Quantity__c: number(18),
    Unit_Price__c: money(8),
    Flat_Amount__c: money(8),
  },
} as const satisfies Record<SObjectName, Record<string, Column>>;

export type FieldOf<O extends SObjectName> = keyof (typeof COLUMNS)[O] & string;

const BY_NAME: ReadonlyMap<string, ReadonlyMap<string, Column>> = new Map(
  Object.entries(COLUMNS).map(([object, columns]: [string, Record<string, Column>]) => [
    object,
    new Map(Object.entries(columns)),
  ]),
);

export function columnOf(object: SObjectName, field: string): Column | null {
  return BY_NAME.get(object)?.get(field) ?? null;
}
