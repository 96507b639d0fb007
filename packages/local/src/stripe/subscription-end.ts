import type { Books } from './books.ts';
import { voidInvoice } from './invoice.ts';
import type { Subscription } from './subscription.ts';
import { hasEnded, invoicesOf, updateSubscription } from './subscription.ts';

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
