import { EXTERNAL_ID_FIELD, type SObjectName } from '@payments/core/record';

/** What an id names: an event, an object of Stripe, or a record of Salesforce. */
export type Subject =
  | { readonly kind: 'event'; readonly id: string }
  | { readonly kind: 'object'; readonly id: string; readonly path: string | null; readonly rows: readonly RowKey[] }
  | { readonly kind: 'record'; readonly id: string };

/** Where rows about an object are found: by a column that holds its id. */
export type RowKey = { readonly object: SObjectName; readonly field: string };

type Known = { readonly path: string | null; readonly rows: readonly RowKey[] };
const row = (object: SObjectName, field: string = EXTERNAL_ID_FIELD[object]): RowKey => ({ object, field });

/** By the prefix of the id (docs.stripe.com): the address in Stripe's API, and the rows that are about it. */
const OBJECTS: ReadonlyMap<string, Known> = new Map<string, Known>([
  ['cus', { path: '/v1/customers', rows: [row('Stripe_Customer__c')] }],
  ['sub', { path: '/v1/subscriptions', rows: [row('Stripe_Subscription__c')] }],
  ['cs', { path: '/v1/checkout/sessions', rows: [row('Stripe_Subscription__c', 'Stripe_Checkout_Session_ID__c')] }],
  ['pi', { path: '/v1/payment_intents', rows: [row('Payment_Transaction__c')] }],
  ['in', { path: '/v1/invoices', rows: [row('Payment_Transaction__c', 'Stripe_Invoice_ID__c')] }],
  ['inpay', { path: '/v1/invoice_payments', rows: [] }],
  ['ch', { path: '/v1/charges', rows: [] }],
  ['py', { path: '/v1/charges', rows: [] }],
  ['re', { path: '/v1/refunds', rows: [] }],
  ['pyr', { path: '/v1/refunds', rows: [] }],
  ['dp', { path: '/v1/disputes', rows: [] }],
  ['du', { path: '/v1/disputes', rows: [] }],
  ['price', { path: '/v1/prices', rows: [row('Pricing_Plan__c')] }],
  ['plan', { path: null, rows: [row('Pricing_Plan__c')] }],
  ['prod', { path: '/v1/products', rows: [row('Pricing_Plan__c', 'Stripe_Product_ID__c')] }],
  ['si', { path: '/v1/subscription_items', rows: [row('Pricing_Plan__c')] }],
]);

/** `null`: neither Stripe nor Salesforce writes ids like this. */
export function subjectOf(id: string): Subject | null {
  const [, prefix] = /^([a-z]+)_[A-Za-z0-9_]{1,250}$/.exec(id) ?? [];
  if (prefix === 'evt') return { kind: 'event', id };
  const known = prefix === undefined ? undefined : OBJECTS.get(prefix);
  if (known !== undefined) return { kind: 'object', id, ...known };
  return /^[a-zA-Z0-9]{15}([a-zA-Z0-9]{3})?$/.test(id) ? { kind: 'record', id } : null;
}
