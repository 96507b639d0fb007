import { type Rank, versionOf } from '../freshness.ts';
import type { ObjectReader, Reading, Told } from '../need.ts';
import { Row } from '../row.ts';
import { at, idOf, salesforceRowId } from './reference.ts';
import { spoken } from './spoken.ts';
import { customerParent, customerStub, present, STUB } from './stub.ts';

export const checkoutSession: ObjectReader = { needs: () => [], tell };

type Outcome = {
  readonly sync: 'Checkout Created' | 'Completed' | 'Failed';
  readonly rank: Rank;
  /** `undefined` leaves the message alone. */
  readonly message: string | null | undefined;
};

const EXPIRED = 'The Checkout link expired before it was used. Send a new one.';
const NOT_PAID = 'The payment made at Checkout did not arrive. Ask for another payment method.';

/**
 * What became of the session. A completed one that is unpaid waits for a delayed payment (a bank debit), whose outcome
 * is an event of its own.
 */
function outcomeOf({ event, object }: Reading): Outcome {
  const { type } = event;
  if (type === 'checkout.session.expired') return { sync: 'Failed', rank: 'terminal', message: EXPIRED };
  if (type === 'checkout.session.async_payment_failed') return { sync: 'Failed', rank: 'terminal', message: NOT_PAID };
  if (type === 'checkout.session.completed' && object.payment_status === 'unpaid') {
    return { sync: 'Checkout Created', rank: 'updated', message: undefined };
  }
  return { sync: 'Completed', rank: 'terminal', message: null };
}

/**
 * The row is the one that Salesforce made before Stripe had a subscription: it is named by our own id, which Apex puts
 * into the session, and by the subscription's id as soon as there is one.
 */
function tell(reading: Reading): Told {
  const { object } = reading;
  const notes: string[] = [];
  const sessionId = idOf(object);
  if (sessionId === null) return { records: [], notes: ['the Checkout session has no id: nothing is written'] };
  const subscriptionId = idOf(object.subscription);
  const rowId = rowIdOf(reading);
  const contact = {
    email: at(object, 'customer_details', 'email') ?? object.customer_email,
    name: at(object, 'customer_details', 'name'),
  };
  if (subscriptionId === null && rowId === null) {
    return {
      records: [],
      notes: [`${sessionId}: neither a subscription nor a row of ours is named: nothing is written`],
    };
  }
  const row = sessionColumns(reading, sessionId, notes);
  const parents = [customerParent(object.customer)];
  const owners = {
    ...(idOf(object.customer) === null ? {} : { subscription: STUB }),
    ...sessionOwners(reading),
  };
  const record =
    subscriptionId !== null
      ? row.record(subscriptionId, { owners: { subscription: STUB, ...owners }, parents, rowId })
      : rowId !== null
        ? row.recordOfRow(rowId, { owners, parents })
        : null;
  return { records: present(customerStub(object.customer, notes, contact), record), notes };
}

function sessionColumns(reading: Reading, sessionId: string, notes: string[]): Row<'Stripe_Subscription__c'> {
  const outcome = outcomeOf(reading);
  const row = new Row('Stripe_Subscription__c', sessionId, notes)
    .text('Stripe_Checkout_Session_ID__c', sessionId)
    .pick('Sync_Status__c', outcome.sync)
    // The link is dead now, and a dead link is worse than none.
    .set('Checkout_URL__c', null)
    .set('Checkout_Link__c', null);
  if (outcome.message !== undefined) row.set('Error_Message__c', outcome.message);
  return row;
}

/** The message belongs to invoices too, of which a subscription sees many: it is never final. */
function sessionOwners(reading: Reading) {
  const { rank, message } = outcomeOf(reading);
  const session = spoken(reading, rank);
  if (message === undefined) return { session };
  const second = reading.fetchedAt ?? reading.event.created;
  return { session, invoice: { version: versionOf(second, 'updated'), fetched: session.fetched } };
}

/** `client_reference_id` is free for anyone to use; the sessions of ours are for subscriptions. */
function rowIdOf({ object }: Reading): string | null {
  const named = salesforceRowId(at(object, 'metadata', 'sf_subscription_id'));
  return named ?? (object.mode === 'subscription' ? salesforceRowId(object.client_reference_id) : null);
}
