import type { JsonObject } from '@payments/core/event';
import { draft, endOfPeriod, isMetered } from './billing-period.ts';
import type { Books, Metadata } from './books.ts';
import type { Invoice, InvoiceLine } from './invoice.ts';
import { collect } from './invoice-collection.ts';
import { periodLine, prorationLines } from './invoice-lines.ts';
import { mergeMetadata } from './metadata.ts';
import type { Price } from './price.ts';
import { planOf } from './price.ts';
import type { Subscription, SubscriptionItem } from './subscription.ts';
import { addItem, nextRenewal, summarize, updateSubscription } from './subscription.ts';
import { endSubscription } from './subscription-end.ts';
import { pauseNow, planRenewal, resumeNow } from './subscription-renewal.ts';

export type Proration = 'create_prorations' | 'always_invoice' | 'none';

export type ItemChange = {
  /** Absent: a new item is added beside the others. */
  readonly item?: SubscriptionItem;
  readonly price?: Price;
  readonly quantity?: number;
  readonly remove?: boolean;
};

/**
 * Another price or quantity. Prorations wait for the next invoice, or are invoiced at once, or aren't made. A price of
 * another interval begins a new period today and is invoiced today. `prorationDate` (epoch seconds) counts as the moment
 * of the change: what was previewed then costs the same later.
 */
export function changeItems(
  books: Books,
  subscription: Subscription,
  changes: readonly ItemChange[],
  proration: Proration,
  prorationDate?: number,
): void {
  const before = nextRenewal(subscription);
  const lines: InvoiceLine[] = [];
  let newPeriod = false;
  updateSubscription(books, subscription, (it) => {
    for (const change of changes)
      newPeriod = changeOne(books, it, change, proration, lines, prorationDate) || newPeriod;
    summarize(it);
  });
  if (subscription.items.data.length > 0 && nextRenewal(subscription) !== before) planRenewal(books, subscription);
  if (lines.length === 0) return;
  if (proration !== 'always_invoice' && !newPeriod) {
    for (const line of lines) books.emit('invoiceitem.created', invoiceItem(books, subscription, line));
    books.pendingLines.set(subscription.id, [...(books.pendingLines.get(subscription.id) ?? []), ...lines]);
    return;
  }
  invoiceNow(books, subscription, lines);
}

/** Whether a new period begins. Adds the lines it causes. */
export function changeOne(
  books: Books,
  subscription: Subscription,
  change: ItemChange,
  proration: Proration,
  lines: InvoiceLine[],
  prorationDate = books.now(),
): boolean {
  const { item } = change;
  if (item === undefined) {
    if (change.price === undefined) return false;
    const now = books.now();
    const end = endOfPeriod(change.price, now, subscription.billing_cycle_anchor);
    addItem(books, subscription, { price: change.price, quantity: change.quantity ?? 1 }, now, end);
    return false;
  }
  const old = structuredClone(item);
  if (change.remove === true) {
    subscription.items.data = subscription.items.data.filter((other) => other.id !== item.id);
    return false;
  }
  if (change.price !== undefined) {
    item.price = structuredClone(change.price);
    item.plan = planOf(change.price);
    if (isMetered(item)) delete item.quantity;
    else item.quantity ??= 1;
  }
  if (change.quantity !== undefined && !isMetered(item)) item.quantity = change.quantity;
  const otherInterval = old.price.recurring?.interval !== item.price.recurring?.interval;
  if (proration !== 'none' && subscription.status !== 'trialing' && !isMetered(item)) {
    const [credit, debit] = prorationLines(books, subscription, old, item, prorationDate);
    if (credit !== undefined) lines.push(credit);
    if (debit !== undefined && !otherInterval) lines.push(debit);
  }
  if (!otherInterval || subscription.status === 'trialing') return false;
  item.current_period_start = books.now();
  item.current_period_end = endOfPeriod(item.price, books.now(), books.now());
  subscription.billing_cycle_anchor = books.now();
  if (!isMetered(item)) {
    const period = { start: item.current_period_start, end: item.current_period_end };
    lines.push(periodLine(books, subscription, item, period));
  }
  return true;
}

/** `drafted` hears of the invoice before its payment is tried. */
export function invoiceNow(
  books: Books,
  subscription: Subscription,
  lines: readonly InvoiceLine[],
  drafted: (invoice: Invoice) => void = () => {},
): Invoice {
  books.tick();
  const invoice = draft(books, subscription, 'subscription_update', lines, books.now(), books.now());
  drafted(invoice);
  updateSubscription(books, subscription, (it) => {
    it.latest_invoice = invoice.id;
  });
  collect(books, invoice);
  return invoice;
}

/** An invoice item as its event shows it; this account keeps only the line. */
function invoiceItem(books: Books, subscription: Subscription, line: InvoiceLine): JsonObject {
  return {
    id: books.ids.timed('ii', books.now()),
    object: 'invoiceitem',
    amount: line.amount,
    currency: line.currency,
    customer: subscription.customer,
    date: books.now(),
    description: line.description,
    discountable: false,
    discounts: [],
    invoice: null,
    livemode: books.livemode,
    metadata: {},
    parent: { subscription_details: { subscription: subscription.id }, type: 'subscription_details' },
    period: line.period,
    pricing: line.pricing,
    proration: true,
    quantity: line.quantity,
    tax_rates: [],
    test_clock: null,
  };
}

export function cancelAtPeriodEnd(books: Books, subscription: Subscription, cancel: boolean): void {
  updateSubscription(books, subscription, (it) => {
    it.cancel_at_period_end = cancel;
    it.cancel_at = cancel ? Math.max(...it.items.data.map((item) => item.current_period_end)) : null;
    it.canceled_at = cancel ? books.now() : null;
    it.cancellation_details.reason = cancel ? 'cancellation_requested' : null;
  });
}

export function cancelNow(books: Books, subscription: Subscription): void {
  endSubscription(books, subscription, 'cancellation_requested');
}

/** Emits .updated and .paused; only an active or past due subscription can be paused. */
export function pauseSubscription(books: Books, subscription: Subscription): void {
  pauseNow(books, subscription, 'requested');
}

export function resumeSubscription(books: Books, subscription: Subscription): void {
  if (subscription.status === 'paused') resumeNow(books, subscription);
}

/** Collection stops while the status stays; null lets it go on. */
export function pauseCollection(
  books: Books,
  subscription: Subscription,
  pause: Subscription['pause_collection'],
): void {
  updateSubscription(books, subscription, (it) => {
    it.pause_collection = pause;
  });
}

export function describeSubscription(
  books: Books,
  subscription: Subscription,
  fields: { readonly metadata?: Metadata | null; readonly defaultPaymentMethod?: string | null },
): void {
  updateSubscription(books, subscription, (it) => {
    if (fields.metadata !== undefined) it.metadata = mergeMetadata(it.metadata, fields.metadata);
    if (fields.defaultPaymentMethod !== undefined) it.default_payment_method = fields.defaultPaymentMethod;
  });
}
