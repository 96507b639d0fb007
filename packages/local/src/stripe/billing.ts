import type { Books } from './books.ts';
import { addInterval, DAY, HOUR } from './calendar.ts';
import type { BillingReason, Invoice, InvoiceLine } from './invoice.ts';
import { draftInvoice, finalizeInvoice, markInvoiceFailed, markInvoicePaid, voidInvoice } from './invoice.ts';
import { periodLine, trialLine } from './invoice-lines.ts';
import { joinPayment, paymentsOf } from './invoice-payment.ts';
import type { Outcome } from './payment-intent.ts';
import { attempt, createIntent, finishAction, settleIntent } from './payment-intent.ts';
import type { PaymentMethod } from './payment-method.ts';
import { settlingTime } from './payment-method.ts';
import type { Price } from './price.ts';
import type { Subscription, SubscriptionFields, SubscriptionItem, SubscriptionStatus } from './subscription.ts';
import { buildSubscription, hasEnded, invoicesOf, nextRenewal, updateSubscription } from './subscription.ts';

/** Stripe tries a failed renewal again after these days, by default; then `afterLastRetry` decides. */
const RETRY_AFTER_DAYS = [3, 5, 7] as const;
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

/** Finalises an invoice and tries to be paid. `settled` runs when the new status is known, null if unchanged. */
export function collect(
  books: Books,
  invoice: Invoice,
  settled: (status: SubscriptionStatus | null) => void = (status) => followStatus(books, invoice, status),
  attempts: 'now' | 'later' = 'now',
): Outcome {
  if (invoice.status === 'draft') finalizeInvoice(books, invoice);
  if (invoice.amount_due === 0) {
    markInvoicePaid(books, invoice);
    settled('active');
    return 'succeeded';
  }
  books.tick();
  const intent = createIntent(books, {
    amount: invoice.amount_due,
    currency: invoice.currency,
    customer: invoice.customer,
    description: DESCRIPTIONS[invoice.billing_reason],
    order: invoice.id,
  });
  joinPayment(books, invoice, intent);
  if (attempts === 'later') {
    settled(null);
    return 'requires_action';
  }
  const method = methodFor(books, invoice);
  if (method === null) {
    failed(books, invoice, settled);
    return 'failed';
  }
  return account(books, invoice, attempt(books, intent, method), settled);
}

const DESCRIPTIONS: Record<BillingReason, string> = {
  subscription_create: 'Subscription creation',
  subscription_cycle: 'Subscription update',
  subscription_update: 'Subscription update',
  manual: 'Payment for Invoice',
};

/** Tries an open invoice again, as a retry does, or an operator. */
export function payInvoice(books: Books, invoice: Invoice): Outcome {
  const intent = intentOf(books, invoice);
  const method = methodFor(books, invoice);
  if (invoice.status !== 'open' || intent === undefined || intent.status !== 'requires_payment_method') return 'failed';
  if (method === null) {
    failed(books, invoice, (status) => followStatus(books, invoice, status));
    return 'failed';
  }
  return account(books, invoice, attempt(books, intent, method));
}

/** The customer confirmed the payment of an invoice in the browser, or failed to. */
export function confirmInvoice(books: Books, invoice: Invoice, confirmed: boolean): Outcome {
  const intent = intentOf(books, invoice);
  if (intent?.status !== 'requires_action') return 'failed';
  return account(books, invoice, finishAction(books, intent, confirmed));
}

/** What the outcome of a payment means for its invoice and subscription. */
function account(
  books: Books,
  invoice: Invoice,
  outcome: Outcome,
  settled: (status: SubscriptionStatus | null) => void = (status) => followStatus(books, invoice, status),
): Outcome {
  if (outcome === 'succeeded') {
    markInvoicePaid(books, invoice);
    settled('active');
  } else if (outcome === 'failed') {
    failed(books, invoice, settled);
  } else if (outcome === 'processing') {
    // A debit is trusted until it comes back: the subscription is active meanwhile.
    settled('active');
    const arrives = books.behaviours.get(methodFor(books, invoice)?.id ?? '') !== 'fails-later';
    books.after(
      settlingTime(books, methodFor(books, invoice)?.id ?? ''),
      arrives ? 'debit arrives' : 'debit returned',
      () => settleDebit(books, invoice, arrives),
    );
  } else {
    books.emit('invoice.payment_action_required', invoice);
    settled(null);
  }
  return outcome;
}

function settleDebit(books: Books, invoice: Invoice, arrived: boolean): void {
  const intent = intentOf(books, invoice);
  if (intent?.status !== 'processing') return;
  account(books, invoice, settleIntent(books, intent, arrived));
  const session = books.sessionOfInvoice.get(invoice.id);
  if (session !== undefined) session(arrived);
}

function failed(books: Books, invoice: Invoice, settled: (status: SubscriptionStatus | null) => void): void {
  const subscription = subscriptionOf(books, invoice);
  const first = invoice.billing_reason === 'subscription_create' && subscription?.status === 'incomplete';
  const days = first ? undefined : RETRY_AFTER_DAYS[invoice.attempt_count];
  const next = days === undefined ? null : books.now() + days * DAY;
  markInvoiceFailed(books, invoice, next);
  if (days !== undefined) {
    books.after(days * DAY, 'retry', () => payInvoice(books, invoice));
    settled(subscription?.status === 'unpaid' ? null : 'past_due');
    return;
  }
  if (first || subscription === null) {
    settled(null);
    return;
  }
  const end = books.settings.afterLastRetry;
  if (end === 'cancel') endSubscription(books, subscription, 'payment_failed');
  else settled(end);
}

function followStatus(books: Books, invoice: Invoice, status: SubscriptionStatus | null): void {
  const waiting = books.onceInvoicePaid.get(invoice.id);
  if (waiting !== undefined) {
    // A change that waits for its payment leaves the status alone.
    if (status === 'active') waiting();
    return;
  }
  const subscription = subscriptionOf(books, invoice);
  // An elder invoice that is paid late doesn't make a subscription active whose latest one is open.
  const concerned = subscription !== null && (status !== 'active' || subscription.latest_invoice === invoice.id);
  if (concerned && status !== null && subscription.status !== 'paused') setStatus(books, subscription, status);
}

function setStatus(books: Books, subscription: Subscription, status: SubscriptionStatus): void {
  if (hasEnded(subscription)) return;
  updateSubscription(books, subscription, (it) => {
    it.status = status;
  });
}

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

/** Emits customer.subscription.deleted with the full object, and voids what is open. */
export function endSubscription(books: Books, subscription: Subscription, reason: string): void {
  if (hasEnded(subscription)) return;
  updateSubscription(
    books,
    subscription,
    (it) => {
      it.status = 'canceled';
      it.ended_at = books.now();
      it.canceled_at ??= books.now();
      it.cancellation_details.reason = reason;
    },
    'customer.subscription.deleted',
  );
  for (const invoice of invoicesOf(books, subscription)) voidInvoice(books, invoice);
}

function expireIncomplete(books: Books, subscription: Subscription): void {
  if (subscription.status !== 'incomplete') return;
  for (const invoice of invoicesOf(books, subscription)) voidInvoice(books, invoice);
  updateSubscription(books, subscription, (it) => {
    it.status = 'incomplete_expired';
    it.ended_at = books.now();
  });
}

export function draft(
  books: Books,
  subscription: Subscription,
  reason: BillingReason,
  lines: readonly InvoiceLine[],
  periodStart: number,
  periodEnd: number,
): Invoice {
  return draftInvoice(books, {
    customer: subscription.customer,
    currency: subscription.currency,
    reason,
    lines,
    periodStart,
    periodEnd,
    subscription: { id: subscription.id, metadata: subscription.metadata },
  });
}

export function endOfPeriod(price: Price, start: number, anchor: number): number {
  const recurring = price.recurring ?? { interval: 'month', interval_count: 1 };
  return addInterval(start, recurring.interval, recurring.interval_count, anchor);
}

export function isMetered(item: SubscriptionItem): boolean {
  return item.price.recurring?.usage_type === 'metered';
}

export function subscriptionOf(books: Books, invoice: Invoice): Subscription | null {
  return books.subscriptions.get(invoice.parent?.subscription_details.subscription ?? '') ?? null;
}

function intentOf(books: Books, invoice: Invoice) {
  return books.paymentIntents.get(paymentsOf(books, invoice)[0]?.payment.payment_intent ?? '');
}

function methodFor(books: Books, invoice: Invoice): PaymentMethod | null {
  const named = books.paymentMethods.get(books.methodOfInvoice.get(invoice.id) ?? '');
  if (named !== undefined) return named;
  const subscription = subscriptionOf(books, invoice);
  if (subscription !== null) return defaultMethod(books, subscription);
  const method = books.customers.get(invoice.customer)?.invoice_settings.default_payment_method;
  return books.paymentMethods.get(method ?? '') ?? null;
}

export function defaultMethod(books: Books, subscription: Subscription): PaymentMethod | null {
  const own = subscription.default_payment_method;
  const customers = books.customers.get(subscription.customer)?.invoice_settings.default_payment_method;
  return books.paymentMethods.get(own ?? customers ?? '') ?? null;
}
