import { type Rank, versionOf } from '../freshness.ts';
import type { ObjectReader, Reading, Told } from '../need.ts';
import type { OwnerVersion } from '../record.ts';
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
 * is an event of its own. Only what is paid is final: a row may see another session after one that came to nothing.
 */
function outcomeOf({ event, object }: Reading): Outcome {
  const { type } = event;
  if (type === 'checkout.session.expired') return { sync: 'Failed', rank: 'updated', message: EXPIRED };
  if (type === 'checkout.session.async_payment_failed') return { sync: 'Failed', rank: 'updated', message: NOT_PAID };
  if (type === 'checkout.session.completed' && object.payment_status === 'unpaid') {
    return { sync: 'Checkout Created', rank: 'created', message: undefined };
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
  const rowId = rowIdOfSession(object);
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
  if (outcome.message !== undefined && reading.fetchedAt === null) row.set('Error_Message__c', outcome.message);
  return row;
}

/**
 * A row may see several sessions, of which the one that was opened last counts, unless an earlier one was paid. So a session
 * speaks with the second in which it was opened, not with that of its end: the end of an old link says nothing of a newer one.
 * Within one session waiting comes before failing, and failing before being paid.
 *
 * The message belongs to invoices too, and gives way to theirs of the same second. That a link expired is as old as the
 * link; a completed or failed payment clears or sets it when it happens. What is read to settle a tie tells no message.
 */
function sessionOwners(reading: Reading): Partial<Record<'session' | 'invoice', OwnerVersion>> {
  const { event, object, fetchedAt } = reading;
  const { rank, message } = outcomeOf(reading);
  if (fetchedAt !== null) return { session: spoken(reading, rank) };
  const opened = typeof object.created === 'number' ? object.created : event.created;
  const session = { version: versionOf(opened, rank), fetched: false };
  if (message === undefined) return { session };
  const second = event.type === 'checkout.session.expired' ? opened : event.created;
  return { session, invoice: { version: versionOf(second, 'created'), fetched: false } };
}

/** `client_reference_id` is free for anyone to use; the sessions of ours are for subscriptions. */
export function rowIdOfSession(session: unknown): string | null {
  const named = salesforceRowId(at(session, 'metadata', 'sf_subscription_id'));
  return named ?? (at(session, 'mode') === 'subscription' ? salesforceRowId(at(session, 'client_reference_id')) : null);
}
