import { draft, endOfPeriod, isMetered } from './billing-period.ts';
import type { Books } from './books.ts';
import { HOUR } from './calendar.ts';
import type { Invoice } from './invoice.ts';
import { voidInvoice } from './invoice.ts';
import { collect } from './invoice-collection.ts';
import { periodLine, trialLine } from './invoice-lines.ts';
import type { Outcome } from './payment-intent.ts';
import type { Subscription, SubscriptionFields, SubscriptionItem } from './subscription.ts';
import { buildSubscription, invoicesOf, setStatus, updateSubscription } from './subscription.ts';
import { planRenewal, planTrial } from './subscription-renewal.ts';

/** A subscription whose first payment never came expires after 23 hours. */
const INCOMPLETE_FOR = 23 * HOUR;

/**
 * Starts a subscription with its first invoice. `announce`: 'incomplete' shows it before its payment and updates it
 * after, as the API does; 'settled' shows it once the payment is known, as Checkout mostly does. `attempts` 'later'
 * leaves the payment to the customer (`default_incomplete`).
 */
export function startSubscription(
  books: Books,
  fields: SubscriptionFields,
  announce: 'incomplete' | 'settled',
  attempts: 'now' | 'later' = 'now',
): { readonly subscription: Subscription; readonly invoice: Invoice; readonly outcome: Outcome } {
  const now = books.now();
  const trialEnd = fields.trialEnd ?? null;
  const subscription = buildSubscription(books, fields, trialEnd === null ? 'incomplete' : 'trialing', (price) =>
    trialEnd === null ? endOfPeriod(price, now, now) : trialEnd,
  );
  const period = (item: SubscriptionItem) => ({ start: item.current_period_start, end: item.current_period_end });
  const lines = subscription.items.data.flatMap((item) => {
    if (trialEnd !== null) return [trialLine(books, subscription, item, period(item))];
    return isMetered(item) ? [] : [periodLine(books, subscription, item, period(item))];
  });
  const invoice = draft(books, subscription, 'subscription_create', lines, now, now);
  subscription.latest_invoice = invoice.id;
  if (announce === 'incomplete' || trialEnd !== null) books.emit('customer.subscription.created', subscription);
  const outcome = collect(
    books,
    invoice,
    (status) => {
      if (announce === 'settled' && trialEnd === null) {
        subscription.status = status ?? subscription.status;
        books.emit('customer.subscription.created', subscription);
      } else if (status !== null && trialEnd === null) {
        setStatus(books, subscription, status);
      }
    },
    attempts,
  );
  if (trialEnd !== null) planTrial(books, subscription, trialEnd);
  else planRenewal(books, subscription);
  if (subscription.status === 'incomplete') {
    books.after(INCOMPLETE_FOR, 'first payment never came', () => expireIncomplete(books, subscription));
  }
  return { subscription, invoice, outcome };
}

function expireIncomplete(books: Books, subscription: Subscription): void {
  if (subscription.status !== 'incomplete') return;
  for (const invoice of invoicesOf(books, subscription)) voidInvoice(books, invoice);
  updateSubscription(books, subscription, (it) => {
    it.status = 'incomplete_expired';
    it.ended_at = books.now();
  });
}
