import { draft, endOfPeriod, isMetered } from './billing-period.ts';
import type { Books } from './books.ts';
import { idsFor } from './ids.ts';
import type { Invoice, InvoiceLine } from './invoice.ts';
import { defaultMethod } from './invoice-collection.ts';
import { periodLine } from './invoice-lines.ts';
import { planChanges } from './pending-update.ts';
import { randomFrom } from './random.ts';
import { scratchBooks } from './scratch-books.ts';
import type { ItemFields, Subscription } from './subscription.ts';
import { buildSubscription, nextRenewal } from './subscription.ts';
import type { ItemChange, Proration } from './subscription-changes.ts';

/**
 * The invoice that would come: at once where prorations are invoiced at once or a new period begins, else at the next
 * renewal with what waits for it. Nothing of the account changes, not even the random numbers its lives are made of.
 */
export function previewChange(
  books: Books,
  real: Subscription,
  changes: readonly ItemChange[],
  proration: Proration,
  prorationDate?: number,
): Invoice {
  const scratch = previewBooks(books);
  const { subscription, lines, newPeriod } = planChanges(scratch, real, changes, proration, prorationDate);
  const atOnce = newPeriod || (proration === 'always_invoice' && changes.length > 0);
  if (atOnce) return upcoming(scratch, subscription, lines, books.now(), books.now());
  const due = nextRenewal(subscription);
  const all = [...(books.pendingLines.get(real.id) ?? []), ...lines];
  if (!subscription.cancel_at_period_end) all.push(...renewalLines(scratch, subscription, due));
  const start = Math.min(...subscription.items.data.map((item) => item.current_period_start));
  return upcoming(scratch, subscription, all, start, due);
}

/** The first invoice of a subscription that doesn't exist yet. */
export function previewNew(books: Books, customer: string, items: readonly ItemFields[]): Invoice {
  const scratch = previewBooks(books);
  const now = books.now();
  const subscription = buildSubscription(scratch, { customer, items }, 'active', (price) =>
    endOfPeriod(price, now, now),
  );
  const lines = subscription.items.data
    .filter((item) => !isMetered(item))
    .map((item) =>
      periodLine(scratch, subscription, item, { start: item.current_period_start, end: item.current_period_end }),
    );
  const invoice = upcoming(scratch, subscription, lines, now, now);
  invoice.parent = null;
  return invoice;
}

function renewalLines(scratch: Books, subscription: Subscription, due: number): readonly InvoiceLine[] {
  return subscription.items.data
    .filter((item) => item.current_period_end <= due && !isMetered(item))
    .map((item) =>
      periodLine(scratch, subscription, item, {
        start: due,
        end: endOfPeriod(item.price, due, subscription.billing_cycle_anchor),
      }),
    );
}

function upcoming(
  scratch: Books,
  subscription: Subscription,
  lines: readonly InvoiceLine[],
  start: number,
  end: number,
): Invoice {
  const invoice = draft(scratch, subscription, 'subscription_update', lines, start, end);
  const id = `upcoming_${invoice.id}`;
  return {
    ...invoice,
    id,
    default_payment_method: null,
    automatically_finalizes_at: null,
    next_payment_attempt: defaultMethod(scratch, subscription) === null ? null : end,
    lines: {
      ...invoice.lines,
      data: invoice.lines.data.map((line) => ({ ...line, invoice: id })),
      url: `/v1/invoices/upcoming/lines?subscription=${subscription.id}`,
    },
  };
}

function previewBooks(books: Books): Books {
  return { ...scratchBooks(books), random: randomFrom(0), ids: idsFor(randomFrom(books.now())) };
}
