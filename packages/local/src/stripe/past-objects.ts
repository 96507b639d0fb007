import { draft, endOfPeriod } from './billing-period.ts';
import type { Books } from './books.ts';
import { DAY } from './calendar.ts';
import { createCustomer } from './customer.ts';
import { collect } from './invoice-collection.ts';
import { periodLine } from './invoice-lines.ts';
import { idOf, madeAt, type World } from './past-world.ts';
import { attempt, createIntent } from './payment-intent.ts';
import type { PaymentMethod } from './payment-method.ts';
import { createPaymentMethod } from './payment-method.ts';
import type { Price } from './price.ts';
import { randomFrom } from './random.ts';
import { scratchBooks } from './scratch-books.ts';
import type { Subscription, SubscriptionStatus } from './subscription.ts';
import { buildSubscription } from './subscription.ts';

/** A failed payment is not tried again after these days. */
const GIVEN_UP_AFTER = 15 * DAY;

/** Books for what stands at a place: its time, its ids, and chance that is the same at every look. */
function cradle({ books }: World, place: number, now: number) {
  return {
    ...scratchBooks(books),
    ids: books.ids.ofPlace(place),
    random: randomFrom(Math.imul(place + 1, 0x2545f491)),
    now: () => now,
  };
}

export function customerAt(world: World, place: number) {
  const { family, prices } = world;
  const customer = createCustomer(cradle(world, place, madeAt.customer(world, place)), {
    email: place % 20 === 19 ? null : `customer-${place}@example.com`,
    name: `Customer ${place}`,
    phone: place % 3 === 0 ? `+1555${String(place).padStart(7, '0')}` : null,
    metadata: place % 4 === 0 ? { tier: 'gold' } : {},
    defaultPaymentMethod: idOf.method(world, place),
  });
  const [first, ...others] = family.subscriptionsOfCustomer(place);
  if (first === undefined) return customer;
  customer.currency = priceOf(prices, first).currency;
  customer.delinquent = [first, ...others].some((subscription) => isOwing(statusOf(subscription)));
  return customer;
}

export function methodAt(world: World, place: number): PaymentMethod {
  return createPaymentMethod(cradle(world, place, madeAt.customer(world, place)), {
    type: 'card',
    behaviour: 'pays',
    customer: idOf.customer(world, place),
  });
}

export function subscriptionAt(world: World, place: number): Subscription {
  const { family, until, prices } = world;
  const created = madeAt.subscription(world, place);
  const price = priceOf(prices, place);
  const subscription = buildSubscription(
    cradle(world, place, created),
    {
      customer: idOf.customer(world, family.customerOfSubscription(place)),
      items: [{ price, quantity: 1 + (place % 3) }],
      metadata: place % 2 === 0 ? { plan: price.nickname ?? 'none' } : {},
    },
    statusOf(place),
    (it) => endOfPeriod(it, created, created),
  );
  const last = family.paymentsOfSubscription(place).at(-1);
  subscription.latest_invoice = last === undefined ? null : idOf.invoice(world, last);
  if (subscription.status === 'canceled') end(subscription, until);
  else bringUpTo(subscription, until);
  if (subscription.status === 'paused') {
    subscription.status_details = { paused: { reason: 'subscription_pause_requested', paused_at: until - 1 } };
  }
  return subscription;
}

/** In its first period, so that its items show that one. */
function end(subscription: Subscription, until: number): void {
  const [item] = subscription.items.data;
  const ended = Math.min(until - 1, (item?.current_period_end ?? until) - 1);
  subscription.canceled_at = ended;
  subscription.ended_at = ended;
  subscription.cancellation_details.reason = 'cancellation_requested';
}

function bringUpTo(subscription: Subscription, until: number): void {
  for (const item of subscription.items.data) {
    while (item.current_period_end <= until) {
      item.current_period_start = item.current_period_end;
      item.current_period_end = endOfPeriod(item.price, item.current_period_start, subscription.billing_cycle_anchor);
    }
  }
}

/** All that one payment made; a payment of its own has no invoice. */
export function paymentAt(world: World, place: number) {
  const { family } = world;
  const created = madeAt.payment(world, place);
  const customer = family.customerOfPayment(place);
  const subscription = family.subscriptionOfPayment(place);
  const declines = subscription === null ? place % 50 === 49 : isLastOfOwing(world, subscription, place);
  const own = {
    ...cradle(world, place, created),
    behaviours: new Map([[idOf.method(world, customer), declines ? ('declines' as const) : ('pays' as const)]]),
    nextInvoiceNumber: new Map([[idOf.customer(world, customer), place + 1]]),
  };
  if (subscription === null) payAlone(world, own, customer, place);
  else payInvoice(world, own, idOf.subscription(world, subscription), created);
  const charge = own.charges.peek(idOf.charge(world, place));
  const intent = own.paymentIntents.get(idOf.intent(world, place));
  if (intent === undefined) throw new RangeError(`no payment was made at ${place}`);
  const joined = own.invoicePayments.peek(idOf.joined(world, place));
  return { intent, charge, joined, invoice: own.invoices.peek(idOf.invoice(world, place)) };
}

function payAlone(world: World, own: Books, customer: number, place: number): void {
  const intent = createIntent(own, {
    amount: 1000 + (place % 90) * 100,
    currency: 'usd',
    customer: idOf.customer(world, customer),
    description: 'One-off',
  });
  const method = own.paymentMethods.get(idOf.method(world, customer));
  if (method !== undefined) attempt(own, intent, method);
}

function payInvoice({ until }: World, own: Books, id: string, created: number): void {
  const subscription = own.subscriptions.get(id);
  const [item] = subscription?.items.data ?? [];
  if (subscription === undefined || item === undefined) throw new RangeError(`there is no ${id}`);
  const period = { start: created, end: endOfPeriod(item.price, created, created) };
  const lines = [periodLine(own, subscription, item, period)];
  const invoice = draft(own, subscription, 'subscription_cycle', lines, created, created);
  collect(own, invoice, () => {});
  if (invoice.status === 'open' && until - created > GIVEN_UP_AFTER) {
    invoice.next_payment_attempt = null;
    invoice.attempt_count = 4;
  }
}

function isLastOfOwing({ family }: World, subscription: number, payment: number): boolean {
  return isOwing(statusOf(subscription)) && family.paymentsOfSubscription(subscription).at(-1) === payment;
}

function isOwing(status: SubscriptionStatus): boolean {
  return status === 'past_due' || status === 'unpaid';
}

/** Of a hundred subscriptions fifteen have ended, four are past due, one is unpaid, two are paused. */
function statusOf(subscription: number): SubscriptionStatus {
  const lot = randomFrom(Math.imul(subscription + 1, 0x9e3779b1)).next();
  if (lot < 0.15) return 'canceled';
  if (lot < 0.19) return 'past_due';
  if (lot < 0.2) return 'unpaid';
  return lot < 0.22 ? 'paused' : 'active';
}

function priceOf(prices: readonly Price[], subscription: number): Price {
  const price = prices[subscription % prices.length];
  if (price === undefined) throw new RangeError('there are no prices');
  return price;
}
