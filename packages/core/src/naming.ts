import type { FetchedObject, Need } from './need.ts';
import { rowIdOfSession } from './objects/checkout-session.ts';
import { listed } from './objects/reference.ts';
import type { SalesforceRecord } from './record.ts';

/**
 * A subscription whose metadata names no row of ours may still belong to one: that of the Checkout session by which it was
 * bought. Whoever writes it first has to know, or Salesforce gets a second row, which the session's own event finds taken.
 */

/** Subscriptions among the records that are known by Stripe's id alone. */
export function unnamed(records: readonly SalesforceRecord[]): readonly string[] {
  return records.flatMap(({ object, externalId, rowId }) =>
    object === 'Stripe_Subscription__c' && externalId !== null && rowId === null ? [externalId] : [],
  );
}

export function sessionOf(subscriptionId: string): Need {
  return {
    key: `session_of:${subscriptionId}`,
    path: '/v1/checkout/sessions',
    query: [
      ['subscription', subscriptionId],
      ['limit', '1'],
    ],
    why: `the session by which ${subscriptionId} was bought may name a row of ours`,
  };
}

/** From the answer to {@link sessionOf}. `null`: no session, or one that names no row. */
export function rowNamedIn({ body }: Pick<FetchedObject, 'body'>): string | null {
  const [session] = listed(body);
  return session === undefined ? null : rowIdOfSession(session);
}

export function withRowIds(
  records: readonly SalesforceRecord[],
  rowIds: ReadonlyMap<string, string>,
): readonly SalesforceRecord[] {
  return records.map((record) => {
    const rowId = record.externalId === null ? undefined : rowIds.get(record.externalId);
    const isOurs = record.object === 'Stripe_Subscription__c' && record.externalId !== null && record.rowId === null;
    return rowId === undefined || !isOurs ? record : { ...record, rowId };
  });
}
