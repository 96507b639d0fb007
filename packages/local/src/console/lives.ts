/** The console's buttons for life: what happens in the Stripe account when somebody presses one. */
import type { Snapshot } from '@payments/console/contract';
import type { Books } from '../stripe/books.ts';
import type { Charge } from '../stripe/charge.ts';
import { completeSession, openSession } from '../stripe/checkout-session.ts';
import { createCustomer } from '../stripe/customer.ts';
import { openDispute } from '../stripe/dispute.ts';
import type { Invoice } from '../stripe/invoice.ts';
import { defaultMethod, payInvoice } from '../stripe/invoice-collection.ts';
import { setBehaviour } from '../stripe/payment-method.ts';
import { createPrice, type Price } from '../stripe/price.ts';
import { createProduct } from '../stripe/product.ts';
import { refundCharge } from '../stripe/refund.ts';
import type { Shelf } from '../stripe/shelf.ts';
import type { Subscription } from '../stripe/subscription.ts';
import { cancelNow, changeItems } from '../stripe/subscription-changes.ts';

/** `happen` says what happened, with the ids by which it can be found. */
type Life = {
  readonly name: string;
  readonly label: string;
  readonly what: string;
  readonly happen: (books: Books) => string;
};

const LIVES: readonly Life[] = [
  {
    name: 'new-customer',
    label: 'New customer',
    what: 'Somebody comes through Checkout and subscribes.',
    happen: (books) => {
      const { id, customer } = subscribed(books);
      return `${customer} has subscribed: ${id}.`;
    },
  },
  {
    name: 'failed-payment',
    label: 'Failed payment',
    what: 'A customer adds a seat, and the card declines: the subscription is past due.',
    happen: (books) => {
      const { subscription, invoice } = failed(books);
      return `The payment of ${invoice.id} failed; ${subscription.id} is ${words(subscription.status)}.`;
    },
  },
  {
    name: 'recovered-payment',
    label: 'Payment that recovers',
    what: 'A payment that had failed succeeds at last; where none has, one fails first.',
    happen: (books) => {
      const { subscription, invoice } = owing(books) ?? failed(books);
      accepts(books, subscription, 'pays');
      payInvoice(books, invoice);
      return `${invoice.id} is paid at last; ${subscription.id} is ${words(subscription.status)}.`;
    },
  },
  {
    name: 'cancellation',
    label: 'Cancellation',
    what: 'The newest subscriber leaves at once.',
    happen: (books) => {
      const subscription = subscriber(books);
      cancelNow(books, subscription);
      return `${subscription.id} is cancelled.`;
    },
  },
  {
    name: 'refund',
    label: 'Refund',
    what: 'The newest payment goes back, all of it.',
    happen: (books) => {
      const charge = chargeOf(books);
      const refund = refundCharge(books, charge, { reason: 'requested_by_customer' });
      return `${charge.payment_intent} is refunded by ${refund.id}.`;
    },
  },
  {
    name: 'dispute',
    label: 'Dispute',
    what: 'A bank takes the newest payment back: evidence is due.',
    happen: (books) => {
      const charge = chargeOf(books);
      const dispute = openDispute(books, charge, 'fraudulent');
      return `${charge.payment_intent} is disputed by ${dispute.id}.`;
    },
  },
];

export function livesList(): Snapshot['lives'] {
  return LIVES.map(({ name, label, what }) => ({ name, label, what }));
}

/** `null`: there is no button of that name. */
export function live(name: string, books: Books): string | null {
  return LIVES.find((each) => each.name === name)?.happen(books) ?? null;
}

const NAMES = ['Ada Lind', 'Björn Åkesson', '山田 花子', 'Zoë Müller', 'Omar El-Sayed', 'Grace Okafor'] as const;

function subscribed(books: Books): Subscription {
  const number = books.customers.length + 1;
  const name = `${NAMES[number % NAMES.length] ?? NAMES[0]} ${number}`;
  const email = `visitor${number}@example.com`;
  const customer = createCustomer(books, { name, email });
  const session = openSession(books, {
    mode: 'subscription',
    items: [{ price: monthly(books) }],
    customer: customer.id,
  });
  completeSession(books, session, { type: 'card', behaviour: 'pays', email, name });
  const subscription = books.subscriptions.get(session.subscription ?? '');
  if (subscription === undefined) throw new Error('a card that pays left Checkout without a subscription');
  return subscription;
}

/** A plan by the seat; one is put on sale where there is none. */
function monthly(books: Books): Price {
  for (const price of books.prices.values()) {
    const { active, billing_scheme: scheme, recurring, unit_amount: amount, currency } = price;
    const plain = scheme === 'per_unit' && recurring?.usage_type === 'licensed' && recurring.interval === 'month';
    if (plain && active && currency === 'usd' && (amount ?? 0) > 0 && !books.deleted.has(price.id)) return price;
  }
  const product = createProduct(books, { name: 'Suite' }).id;
  return createPrice(books, {
    product,
    currency: 'usd',
    unitAmount: '1900',
    recurring: { interval: 'month' },
    nickname: 'Basic',
  });
}

/** The newest that pays by card for a plan by the seat; a new one where there is none. */
function subscriber(books: Books): Subscription {
  const found = newest(books.subscriptions, (each) => {
    const [item] = each.items.data;
    const bySeat = item?.quantity !== undefined && item.price.billing_scheme === 'per_unit';
    return each.status === 'active' && bySeat && defaultMethod(books, each)?.type === 'card';
  });
  return found ?? subscribed(books);
}

type Owing = { readonly subscription: Subscription; readonly invoice: Invoice };

function failed(books: Books): Owing {
  const subscription = subscriber(books);
  accepts(books, subscription, 'declines');
  const [item] = subscription.items.data;
  if (item !== undefined)
    changeItems(books, subscription, [{ item, quantity: (item.quantity ?? 1) + 1 }], 'always_invoice');
  const invoice = books.invoices.get(subscription.latest_invoice ?? '');
  if (invoice === undefined) throw new Error(`${subscription.id} has no invoice`);
  return { subscription, invoice };
}

/** The newest whose last invoice is open because its payment failed. */
function owing(books: Books): Owing | null {
  const open = (subscription: Subscription): Invoice | null => {
    const invoice = books.invoices.get(subscription.latest_invoice ?? '');
    return invoice?.status === 'open' && invoice.attempted ? invoice : null;
  };
  const found = newest(
    books.subscriptions,
    (each) => each.status === 'past_due' && open(each) !== null && defaultMethod(books, each)?.type === 'card',
  );
  const invoice = found === null ? null : open(found);
  return found === null || invoice === null ? null : { subscription: found, invoice };
}

function accepts(books: Books, subscription: Subscription, behaviour: 'pays' | 'declines'): void {
  const method = defaultMethod(books, subscription);
  if (method !== null) setBehaviour(books, method.id, behaviour);
}

function chargeOf(books: Books): Charge {
  const whole = () =>
    newest(
      books.charges,
      ({ status, amount_refunded: refunded, disputed }) => status === 'succeeded' && refunded === 0 && !disputed,
    );
  const found = whole();
  if (found !== null) return found;
  subscribed(books);
  const made = whole();
  if (made === null) throw new Error('a subscription that was paid left no charge');
  return made;
}

/** An account may have had a million for long: whoever is older than these is left in peace. */
const LOOKED_AT = 5_000;

function newest<T extends Charge | Subscription>(shelf: Shelf<T>, fits: (value: T) => boolean): T | null {
  for (let place = shelf.length - 1; place >= Math.max(0, shelf.length - LOOKED_AT); place -= 1) {
    const found = shelf.at(place);
    if (fits(found)) return shelf.get(found.id) ?? null;
  }
  return null;
}

function words(status: string): string {
  return status.replaceAll('_', ' ');
}
