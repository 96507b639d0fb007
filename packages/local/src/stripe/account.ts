import type { AccountEvent, AccountOptions, Books } from './books.ts';
import { openBooks } from './books.ts';
import type { Charge } from './charge.ts';
import type { CheckoutSession } from './checkout-session.ts';
import type { Customer } from './customer.ts';
import type { Dispute } from './dispute.ts';
import type { Invoice } from './invoice.ts';
import type { InvoicePayment } from './invoice-payment.ts';
import { givePast } from './past.ts';
import type { PaymentIntent } from './payment-intent.ts';
import type { Price, Tier } from './price.ts';
import type { Product } from './product.ts';
import type { Refund } from './refund.ts';
import type { Subscription } from './subscription.ts';

/**
 * A Stripe account: the true state of its objects, a clock of its own, and an event for every change. The iterators
 * show today's truth, in order of creation, deleted objects included (`isDeleted`): what Salesforce must agree with.
 */
export type StripeAccount = {
  /** For the API, the lives and tests of this folder: the operations in its files work on it. */
  readonly books: Books;
  /** Simulated epoch seconds. */
  now(): number;
  /** Lets time pass up to a second, doing by the way all that falls due (renewals, retries, expiries). */
  advanceTo(seconds: number): void;
  advance(seconds: number): void;
  /** Does the next thing that falls due up to `until`, if any: its second and what it was. */
  step(until: number): { readonly at: number; readonly what: string } | null;
  events(): readonly AccountEvent[];
  /** Hears of every event as it is made; returns how to stop hearing. */
  onEvent(listener: (event: AccountEvent) => void): () => void;

  customers(): Iterable<Readonly<Customer>>;
  products(): Iterable<Readonly<Product>>;
  prices(): Iterable<Readonly<Price>>;
  /** Every tiered price with its tiers, lowest first. */
  tiers(): Iterable<{ readonly price: string; readonly tiers: readonly Tier[] }>;
  sessions(): Iterable<Readonly<CheckoutSession>>;
  subscriptions(): Iterable<Readonly<Subscription>>;
  invoices(): Iterable<Readonly<Invoice>>;
  invoicePayments(): Iterable<Readonly<InvoicePayment>>;
  paymentIntents(): Iterable<Readonly<PaymentIntent>>;
  charges(): Iterable<Readonly<Charge>>;
  refunds(): Iterable<Readonly<Refund>>;
  disputes(): Iterable<Readonly<Dispute>>;
  /** Every item that a subscription has, or had before it was taken out. */
  items(): Iterable<readonly [item: string, subscription: string]>;
  isDeleted(id: string): boolean;
};

export function openAccount(options: AccountOptions): StripeAccount {
  const books = openBooks(options);
  if (options.past !== undefined) givePast(books, options.past);
  const step = (until: number): { at: number; what: string } | null => {
    const next = books.agenda.peek();
    if (next === undefined || next.at > until) return null;
    books.agenda.take();
    books.moveTo(next.at);
    next.run();
    return { at: next.at, what: next.what };
  };
  const advanceTo = (seconds: number): void => {
    while (step(seconds) !== null);
    books.moveTo(seconds);
  };
  return {
    books,
    now: books.now,
    step,
    advanceTo,
    advance: (seconds) => advanceTo(books.now() + seconds),
    events: () => books.events,
    onEvent: (listener) => {
      books.listeners.add(listener);
      return () => books.listeners.delete(listener);
    },
    customers: () => books.customers.values(),
    products: () => books.products.values(),
    prices: () => books.prices.values(),
    tiers: () => tiersOf(books),
    sessions: () => books.sessions.values(),
    subscriptions: () => books.subscriptions.values(),
    invoices: () => books.invoices.values(),
    invoicePayments: () => books.invoicePayments.values(),
    paymentIntents: () => books.paymentIntents.values(),
    charges: () => books.charges.values(),
    refunds: () => books.refunds.values(),
    disputes: () => books.disputes.values(),
    items: () => books.subscriptionOfItem.made(),
    isDeleted: (id) => books.deleted.has(id),
  };
}

function* tiersOf(books: Books): Iterable<{ readonly price: string; readonly tiers: readonly Tier[] }> {
  for (const [price, tiers] of books.tiers) yield { price, tiers };
}
