import { EXTERNAL_ID_FIELD, type OwnerVersion, type Parent, type SalesforceRecord } from '../record.ts';
import { Row } from '../row.ts';
import { at, idOf } from './reference.ts';

/**
 * A row that another one refers to must exist before it. A stub carries the key and what helps on insert; its version
 * is 0, so it never changes a row that is known.
 */
export const STUB: OwnerVersion = { version: 0, fetched: false };

/** `known` are the places where an event repeats contact data of its customer. */
export function customerStub(
  customer: unknown,
  notes: string[],
  known: { readonly email?: unknown; readonly name?: unknown } = {},
): SalesforceRecord | null {
  const id = idOf(customer);
  if (id === null) return null;
  return new Row('Stripe_Customer__c', id, notes)
    .email('Customer_Email__c', known.email ?? at(customer, 'email'))
    .text('Customer_Name__c', known.name ?? at(customer, 'name'))
    .record(id, { owners: { customer: STUB } });
}

export function customerParent(customer: unknown): Parent | null {
  const id = idOf(customer);
  return id === null
    ? null
    : {
        field: 'Stripe_Customer__c',
        object: 'Stripe_Customer__c',
        externalIdField: EXTERNAL_ID_FIELD.Stripe_Customer__c,
        externalId: id,
      };
}

export function subscriptionParent(subscriptionId: string | null): Parent | null {
  return subscriptionId === null
    ? null
    : {
        field: 'Stripe_Subscription__c',
        object: 'Stripe_Subscription__c',
        externalIdField: EXTERNAL_ID_FIELD.Stripe_Subscription__c,
        externalId: subscriptionId,
      };
}

/** The subscription that an invoice or a session names, with the row id that our Apex left in its metadata. */
export function subscriptionStub(
  subscriptionId: string | null,
  said: { readonly customer: unknown; readonly rowId: string | null },
  notes: string[],
): SalesforceRecord | null {
  if (subscriptionId === null) return null;
  return new Row('Stripe_Subscription__c', subscriptionId, notes).record(subscriptionId, {
    rowId: said.rowId,
    owners: { subscription: STUB },
    parents: [customerParent(said.customer)],
  });
}

/** Rows in the order in which they have to exist, without those that are not to be. */
export function present(...records: readonly (SalesforceRecord | null)[]): readonly SalesforceRecord[] {
  return records.filter((record) => record !== null);
}
