import { draft, endOfPeriod, isMetered } from './billing-period.ts';
import type { Books } from './books.ts';
import { DAY, HOUR } from './calendar.ts';
import type { InvoiceLine } from './invoice.ts';
import { collect, defaultMethod } from './invoice-collection.ts';
import { periodLine } from './invoice-lines.ts';
import type { Subscription } from './subscription.ts';
import { hasEnded, nextRenewal, updateSubscription } from './subscription.ts';
import { endSubscription } from './subscription-end.ts';

/** Renews whichever items are due when the time comes; a subscription that changed meanwhile has its own entry. */
export function planRenewal(books: Books, subscription: Subscription): void {
  const due = nextRenewal(subscription);
  books.after(Math.max(0, due - books.now()), 'renewal', () => {
    if (!hasEnded(subscription) && nextRenewal(subscription) === due) renew(books, subscription);
  });
}

function renew(books: Books, subscription: Subscription): void {
  if (subscription.cancel_at_period_end) {
    endSubscription(books, subscription, 'cancellation_requested');
    return;
  }
  if (subscription.status === 'paused') return;
  const now = books.now();
  const due = subscription.items.data.filter((item) => item.current_period_end <= now);
  const lines: InvoiceLine[] = [...(books.pendingLines.get(subscription.id) ?? [])];
  books.pendingLines.delete(subscription.id);
  const start = Math.min(...due.map((item) => item.current_period_start));
  for (const item of due) {
    const past = { start: item.current_period_start, end: item.current_period_end };
    const next = { start: past.end, end: endOfPeriod(item.price, past.end, subscription.billing_cycle_anchor) };
    lines.push(periodLine(books, subscription, item, isMetered(item) ? past : next));
  }
  const invoice = draft(books, subscription, 'subscription_cycle', lines, start, now);
  updateSubscription(books, subscription, (it) => {
    it.latest_invoice = invoice.id;
    for (const item of it.items.data) {
      if (item.current_period_end > now) continue;
      item.current_period_start = item.current_period_end;
      item.current_period_end = endOfPeriod(item.price, item.current_period_start, it.billing_cycle_anchor);
    }
    if (it.status === 'trialing') it.status = 'active';
  });
  planRenewal(books, subscription);
  // Stripe leaves a draft for an hour, in which lines may be added. An unpaid or paused one stays a draft.
  if (subscription.status === 'unpaid' || subscription.pause_collection !== null) return;
  books.after(HOUR, 'invoice finalised', () => {
    if (invoice.status === 'draft' && !hasEnded(subscription)) collect(books, invoice);
  });
}

export function planTrial(books: Books, subscription: Subscription, trialEnd: number): void {
  books.after(Math.max(0, trialEnd - 3 * DAY - books.now()), 'trial will end', () => {
    if (subscription.status === 'trialing' && subscription.trial_end === trialEnd) {
      books.emit('customer.subscription.trial_will_end', subscription);
    }
  });
  books.after(Math.max(0, trialEnd - books.now()), 'trial ends', () => {
    if (subscription.status === 'trialing' && subscription.trial_end === trialEnd) endTrial(books, subscription);
  });
}

export function endTrial(books: Books, subscription: Subscription): void {
  const behaviour = subscription.trial_settings.end_behavior.missing_payment_method;
  if (defaultMethod(books, subscription) === null && behaviour === 'pause') {
    pauseNow(books, subscription, 'trial_end_missing_payment_method');
  } else if (defaultMethod(books, subscription) === null && behaviour === 'cancel') {
    endSubscription(books, subscription, 'cancellation_requested');
  } else {
    renew(books, subscription);
  }
}

/** Emits customer.subscription.updated and .paused. No invoices are made until it resumes. */
export function pauseNow(books: Books, subscription: Subscription, reason: string): void {
  updateSubscription(
    books,
    subscription,
    (it) => {
      it.status = 'paused';
      it.status_details = { paused: { reason, paused_at: books.now() } };
    },
    'customer.subscription.updated',
    'customer.subscription.paused',
  );
}

/** A new period begins today, and is paid for; emits .updated and .resumed. */
export function resumeNow(books: Books, subscription: Subscription): void {
  const now = books.now();
  const lines = subscription.items.data
    .filter((item) => !isMetered(item))
    .map((item) => periodLine(books, subscription, item, { start: now, end: endOfPeriod(item.price, now, now) }));
  const invoice = draft(books, subscription, 'subscription_update', lines, now, now);
  updateSubscription(
    books,
    subscription,
    (it) => {
      it.status = 'active';
      it.status_details = null;
      it.billing_cycle_anchor = now;
      it.latest_invoice = invoice.id;
      for (const item of it.items.data) {
        item.current_period_start = now;
        item.current_period_end = endOfPeriod(item.price, now, now);
      }
    },
    'customer.subscription.updated',
    'customer.subscription.resumed',
  );
  planRenewal(books, subscription);
  collect(books, invoice);
}
