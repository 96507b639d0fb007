import type { Books } from './books.ts';
import { HOUR } from './calendar.ts';
import type { Invoice, InvoiceLine } from './invoice.ts';
import { voidInvoice } from './invoice.ts';
import { defaultMethod } from './invoice-collection.ts';
import type { Subscription } from './subscription.ts';
import { hasEnded, nextRenewal, summarize, updateSubscription } from './subscription.ts';
import type { ItemChange, Proration } from './subscription-changes.ts';
import { changeItems, changeOne, invoiceNow } from './subscription-changes.ts';
import { planRenewal } from './subscription-renewal.ts';

/** An update whose invoice isn't paid by then is dropped, and the invoice voided. */
const WAITS_FOR = 23 * HOUR;

/**
 * `payment_behavior=pending_if_incomplete`: the items change when the invoice of the change is paid, at once or by the
 * customer later; until then they wait in `pending_update` and the status stays. Without an invoice of its own the
 * change is made at once. Emits customer.subscription.pending_update_applied or _expired in the end.
 */
export function changeItemsOncePaid(
  books: Books,
  subscription: Subscription,
  changes: readonly ItemChange[],
  proration: Proration,
  prorationDate?: number,
): void {
  dropWaiting(books, subscription);
  const planned = planChanges(books, subscription, changes, proration, prorationDate);
  const due = planned.lines.reduce((sum, line) => sum + line.amount, 0);
  const invoiced = (proration === 'always_invoice' || planned.newPeriod) && due > 0;
  if (!invoiced || paysAtOnce(books, subscription)) {
    changeItems(books, subscription, changes, proration, prorationDate);
    return;
  }
  const expiresAt = books.now() + WAITS_FOR;
  updateSubscription(books, subscription, (it) => {
    it.pending_update = {
      billing_cycle_anchor: null,
      discounts: null,
      expires_at: expiresAt,
      subscription_items: planned.subscription.items.data,
      trial_end: null,
      trial_from_plan: null,
    };
  });
  const invoice = invoiceNow(books, subscription, planned.lines, (drafted) =>
    books.onceInvoicePaid.set(drafted.id, () => apply(books, subscription, planned.subscription, drafted)),
  );
  books.after(WAITS_FOR, 'pending update expires', () => expire(books, subscription, invoice));
}

export type PlannedChanges = {
  /** A copy, changed. */
  readonly subscription: Subscription;
  readonly lines: readonly InvoiceLine[];
  readonly newPeriod: boolean;
};

/** What the changes would make of the subscription, which stays as it is. */
export function planChanges(
  books: Books,
  real: Subscription,
  changes: readonly ItemChange[],
  proration: Proration,
  prorationDate?: number,
): PlannedChanges {
  const subscription = structuredClone(real);
  const lines: InvoiceLine[] = [];
  let newPeriod = false;
  for (const change of changes) {
    const item = subscription.items.data.find((it) => it.id === change.item?.id);
    const { item: _, ...rest } = change;
    const mine: ItemChange = item === undefined ? rest : { ...rest, item };
    newPeriod = changeOne(books, subscription, mine, proration, lines, prorationDate) || newPeriod;
  }
  summarize(subscription);
  return { subscription, lines, newPeriod };
}

function paysAtOnce(books: Books, subscription: Subscription): boolean {
  const method = defaultMethod(books, subscription);
  const behaviour = method === null ? null : (books.behaviours.get(method.id) ?? 'pays');
  return behaviour !== null && behaviour !== 'declines' && behaviour !== 'asks';
}

function apply(books: Books, subscription: Subscription, planned: Subscription, invoice: Invoice): void {
  books.onceInvoicePaid.delete(invoice.id);
  if (hasEnded(subscription)) return;
  const before = nextRenewal(subscription);
  updateSubscription(
    books,
    subscription,
    (it) => {
      it.items.data = planned.items.data;
      it.billing_cycle_anchor = planned.billing_cycle_anchor;
      it.pending_update = null;
      summarize(it);
    },
    'customer.subscription.updated',
    'customer.subscription.pending_update_applied',
  );
  if (nextRenewal(subscription) !== before) planRenewal(books, subscription);
}

/** A newer change takes the place of one that waits. */
function dropWaiting(books: Books, subscription: Subscription): void {
  const latest = books.invoices.get(subscription.latest_invoice ?? '');
  if (latest !== undefined && books.onceInvoicePaid.delete(latest.id)) voidInvoice(books, latest);
}

function expire(books: Books, subscription: Subscription, invoice: Invoice): void {
  if (!books.onceInvoicePaid.delete(invoice.id)) return;
  voidInvoice(books, invoice);
  updateSubscription(
    books,
    subscription,
    (it) => {
      it.pending_update = null;
    },
    'customer.subscription.updated',
    'customer.subscription.pending_update_expired',
  );
}
