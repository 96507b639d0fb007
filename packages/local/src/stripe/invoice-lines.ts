import { amountOf, shareOf } from './amounts.ts';
import type { Books } from './books.ts';
import type { InvoiceLine } from './invoice.ts';
import type { Price } from './price.ts';
import type { Subscription, SubscriptionItem } from './subscription.ts';

type Period = { readonly start: number; readonly end: number };

/** One period of one item. A metered item is billed for what was used, which the seed decides. */
export function periodLine(
  books: Books,
  subscription: Subscription,
  item: SubscriptionItem,
  period: Period,
): InvoiceLine {
  const quantity = item.quantity ?? books.random.between(0, 400);
  const amount = amountOf(item.price, books.tiers.get(item.price.id) ?? [], quantity);
  return line(books, item.price, {
    amount,
    quantity,
    period,
    description: `${quantity} × ${item.price.nickname ?? item.price.id}`,
    parent: itemParent(subscription, item, false),
  });
}

/** The free period of a trial. */
export function trialLine(
  books: Books,
  subscription: Subscription,
  item: SubscriptionItem,
  period: Period,
): InvoiceLine {
  return line(books, item.price, {
    amount: 0,
    quantity: item.quantity ?? 0,
    period,
    description: 'Trial period',
    parent: itemParent(subscription, item, false),
  });
}

/** The credit for the old and the charge for the new over the rest of the period, from `now` (epoch seconds). */
export function prorationLines(
  books: Books,
  subscription: Subscription,
  before: SubscriptionItem,
  after: SubscriptionItem,
  now: number,
): readonly InvoiceLine[] {
  const rest = { start: now, end: before.current_period_end };
  const share = (item: SubscriptionItem): number => {
    const whole = amountOf(item.price, books.tiers.get(item.price.id) ?? [], item.quantity ?? 0);
    const length = Math.max(1, before.current_period_end - before.current_period_start);
    return shareOf(whole, Math.max(0, rest.end - now), length, item.price.currency);
  };
  const credit = line(books, before.price, {
    amount: -share(before),
    quantity: before.quantity ?? 0,
    period: rest,
    description: `Unused time on ${before.price.nickname ?? before.price.id}`,
    parent: itemParent(subscription, after, true),
  });
  const debit = line(books, after.price, {
    amount: share(after),
    quantity: after.quantity ?? 0,
    period: rest,
    description: `Remaining time on ${after.price.nickname ?? after.price.id}`,
    parent: itemParent(subscription, after, true),
  });
  return [credit, debit];
}

/** An amount of its own, without a price of the catalogue. */
export function loneLine(
  books: Books,
  fields: { readonly amount: number; readonly currency: string; readonly description: string | null },
): InvoiceLine {
  const now = books.now();
  return {
    id: books.ids.timed('il', now),
    object: 'line_item',
    amount: fields.amount,
    currency: fields.currency,
    description: fields.description ?? '',
    discount_amounts: [],
    discountable: true,
    discounts: [],
    invoice: null,
    livemode: books.livemode,
    metadata: {},
    parent: {
      invoice_item_details: {
        invoice_item: books.ids.timed('ii', now),
        proration: false,
        proration_details: { credited_items: null },
        subscription: null,
      },
      subscription_item_details: null,
      type: 'invoice_item_details',
    },
    period: { start: now, end: now },
    pretax_credit_amounts: [],
    pricing: {
      price_details: { price: books.ids.timed('price', now), product: books.ids.short('prod') },
      type: 'price_details',
      unit_amount_decimal: String(fields.amount),
    },
    quantity: 1,
    quantity_decimal: '1',
    subtotal: fields.amount,
    taxes: [],
  };
}

function itemParent(subscription: Subscription, item: SubscriptionItem, proration: boolean): InvoiceLine['parent'] {
  return {
    invoice_item_details: null,
    subscription_item_details: {
      invoice_item: null,
      proration,
      proration_details: { credited_items: null },
      subscription: subscription.id,
      subscription_item: item.id,
    },
    type: 'subscription_item_details',
  };
}

function line(
  books: Books,
  price: Price,
  fields: Pick<InvoiceLine, 'amount' | 'quantity' | 'period' | 'description' | 'parent'>,
): InvoiceLine {
  return {
    id: books.ids.timed('il', books.now()),
    object: 'line_item',
    amount: fields.amount === 0 ? 0 : fields.amount,
    currency: price.currency,
    description: fields.description,
    discount_amounts: [],
    discountable: true,
    discounts: [],
    invoice: null,
    livemode: books.livemode,
    metadata: {},
    parent: fields.parent,
    period: fields.period,
    pretax_credit_amounts: [],
    pricing: {
      price_details: { price: price.id, product: price.product },
      type: 'price_details',
      unit_amount_decimal: price.unit_amount_decimal,
    },
    quantity: fields.quantity,
    quantity_decimal: String(fields.quantity),
    subtotal: fields.amount === 0 ? 0 : fields.amount,
    taxes: [],
  };
}
