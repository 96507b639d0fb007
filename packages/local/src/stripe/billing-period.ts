import type { Books } from './books.ts';
import { addInterval } from './calendar.ts';
import type { BillingReason, Invoice, InvoiceLine } from './invoice.ts';
import { draftInvoice } from './invoice.ts';
import type { Price } from './price.ts';
import type { Subscription, SubscriptionItem } from './subscription.ts';

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
