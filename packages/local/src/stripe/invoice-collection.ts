import type { Books } from './books.ts';
import { DAY } from './calendar.ts';
import type { BillingReason, Invoice } from './invoice.ts';
import { finalizeInvoice, markInvoiceFailed, markInvoicePaid } from './invoice.ts';
import { invoiceIdOf, joinPayment, paymentsOf } from './invoice-payment.ts';
import type { Outcome, PaymentIntent } from './payment-intent.ts';
import { attempt, createIntent, finishAction, settleIntent } from './payment-intent.ts';
import type { PaymentMethod } from './payment-method.ts';
import { settlingTime } from './payment-method.ts';
import type { Subscription, SubscriptionStatus } from './subscription.ts';
import { setStatus } from './subscription.ts';
import { endSubscription } from './subscription-end.ts';

/** Stripe tries a failed renewal again after these days, by default; then `afterLastRetry` decides. */
const RETRY_AFTER_DAYS = [3, 5, 7] as const;

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

/**
 * One attempt of a PaymentIntent that somebody confirms with a method, by API or in the browser. What it means for the
 * invoice it pays follows, as does what becomes of a debit.
 */
export function confirmIntent(books: Books, intent: PaymentIntent, method: PaymentMethod): Outcome {
  const invoice = invoiceOf(books, intent);
  if (invoice !== undefined) {
    books.methodOfInvoice.set(invoice.id, method.id);
    return account(books, invoice, attempt(books, intent, method));
  }
  const outcome = attempt(books, intent, method);
  if (outcome === 'processing') {
    const arrives = books.behaviours.get(method.id) !== 'fails-later';
    books.after(settlingTime(books, method.id), arrives ? 'debit arrives' : 'debit returned', () =>
      settleIntent(books, intent, arrives),
    );
  }
  return outcome;
}

/** The customer authenticated a payment that asks for it, or failed to. Only from `requires_action`. */
export function authenticate(books: Books, intent: PaymentIntent, succeeds: boolean): Outcome {
  if (intent.status !== 'requires_action') return 'failed';
  const outcome = finishAction(books, intent, succeeds);
  const invoice = invoiceOf(books, intent);
  return invoice === undefined ? outcome : account(books, invoice, outcome);
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

function subscriptionOf(books: Books, invoice: Invoice): Subscription | null {
  return books.subscriptions.get(invoice.parent?.subscription_details.subscription ?? '') ?? null;
}

function invoiceOf(books: Books, intent: PaymentIntent): Invoice | undefined {
  return books.invoices.get(invoiceIdOf(books, intent.id) ?? '');
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
