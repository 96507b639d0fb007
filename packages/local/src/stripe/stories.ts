import type { Books } from './books.ts';
import { DAY, HOUR, MINUTE } from './calendar.ts';
import type { CheckoutSession, SessionFields } from './checkout-session.ts';
import { completeSession, expireSession, openSession } from './checkout-session.ts';
import type { Customer } from './customer.ts';
import { createCustomer, deleteCustomer, updateCustomer } from './customer.ts';
import { answerDispute, closeDispute, openDispute } from './dispute.ts';
import { payInvoice } from './invoice-collection.ts';
import type { StoryTeller } from './life.ts';
import { attempt, cancelIntent, createIntent, finishAction } from './payment-intent.ts';
import type { Behaviour, PaymentMethodType } from './payment-method.ts';
import { createPaymentMethod, setBehaviour } from './payment-method.ts';
import type { Price } from './price.ts';
import { failRefund, referenceRefund, refundCharge } from './refund.ts';
import type { Subscription } from './subscription.ts';
import {
  cancelAtPeriodEnd,
  cancelNow,
  changeItems,
  pauseCollection,
  resumeSubscription,
} from './subscription-changes.ts';

const NAMES = ['Ada Lind', 'Björn Åkesson', '山田 花子', 'Zoë Müller', 'Omar El-Sayed', 'Chloé "C" Dupont'] as const;

/** Every story begins with a customer whom Salesforce made known. */
function arrive(books: Books, number: number): Customer {
  return createCustomer(books, {
    email: `customer${number}@example.com`,
    name: `${books.random.pick(NAMES)} ${number}`,
    phone: number % 3 === 0 ? `+1555${String(number).padStart(7, '0')}` : null,
  });
}

function checkout(
  books: Books,
  customer: Customer,
  price: Price,
  fields: Partial<SessionFields> = {},
): CheckoutSession {
  const row = books.pendingRow();
  const metadata = row === null ? {} : { sf_subscription_id: row };
  return openSession(books, {
    mode: 'subscription',
    items: [{ price }],
    customer: customer.id,
    clientReferenceId: row,
    metadata,
    subscriptionMetadata: metadata,
    ...fields,
  });
}

function complete(
  books: Books,
  session: CheckoutSession,
  behaviour: Behaviour = 'pays',
  type: PaymentMethodType = 'card',
): Subscription | null {
  const customer = books.customers.get(session.customer ?? '');
  completeSession(books, session, {
    type,
    behaviour,
    email: customer?.email ?? 'guest@example.com',
    name: customer?.name ?? 'Guest',
  });
  return books.subscriptions.get(session.subscription ?? '') ?? null;
}

const chargeOf = (books: Books, invoice: string | null) => {
  const intent = books.invoicePayments.having('invoice', invoice ?? '')[0]?.payment.payment_intent;
  return books.charges.get(books.paymentIntents.get(intent ?? '')?.latest_charge ?? '');
};
const cardOf = (subscription: Subscription | null): string => subscription?.default_payment_method ?? '';

type Named = { readonly name: string; readonly tell: StoryTeller };

export const STORIES: readonly Named[] = [
  { name: 'loyal, then upgrades', tell: loyal },
  { name: 'trial that becomes paid', tell: trial },
  { name: 'card fails and recovers', tell: recovers },
  { name: 'card fails for good', tell: neverRecovers },
  { name: 'trial without a card pauses', tell: pausedTrial },
  {
    name: 'debit that arrives',
    tell: function* (books, shop, n) {
      yield* debit(books, shop.basic, n, 'settles-later');
    },
  },
  {
    name: 'debit that comes back',
    tell: function* (books, shop, n) {
      yield* debit(books, shop.pro, n, 'fails-later');
    },
  },
  { name: 'leaves Checkout', tell: expires },
  { name: 'refunds', tell: refunds },
  { name: 'dispute', tell: dispute },
  { name: 'one-off payments', tell: oneOff },
  { name: 'cancels at the end', tell: cancels },
  { name: 'seats come and go', tell: seats },
  {
    name: 'usage',
    tell: function* (books, shop, n) {
      yield* plain(books, shop.metered, n);
    },
  },
  {
    name: 'yen',
    tell: function* (books, shop, n) {
      yield* plain(books, shop.yen, n);
    },
  },
  {
    name: 'dinar',
    tell: function* (books, shop, n) {
      yield* plain(books, shop.dinar, n);
    },
  },
  { name: 'deleted', tell: deleted },
];

function* loyal(...[books, shop, number]: Parameters<StoryTeller>): ReturnType<StoryTeller> {
  const customer = arrive(books, number);
  yield HOUR;
  const session = checkout(books, customer, shop.basic);
  yield 5 * MINUTE;
  const subscription = complete(books, session);
  yield 12 * DAY;
  const item = subscription?.items.data[0];
  if (subscription === null || item === undefined) return;
  changeItems(
    books,
    subscription,
    [{ item, price: shop.pro }],
    number % 2 === 0 ? 'always_invoice' : 'create_prorations',
  );
  yield 10 * DAY;
  pauseCollection(books, subscription, { behavior: 'void', resumes_at: null });
  yield 4 * DAY;
  pauseCollection(books, subscription, null);
}

function* trial(...[books, shop, number]: Parameters<StoryTeller>): ReturnType<StoryTeller> {
  const session = checkout(books, arrive(books, number), shop.pro, { trialDays: 7 });
  yield 3 * MINUTE;
  complete(books, session);
}

function* recovers(...[books, shop, number]: Parameters<StoryTeller>): ReturnType<StoryTeller> {
  const session = checkout(books, arrive(books, number), shop.basic);
  yield MINUTE;
  const subscription = complete(books, session);
  yield 20 * DAY;
  setBehaviour(books, cardOf(subscription), 'declines');
  yield 12 * DAY;
  setBehaviour(books, cardOf(subscription), 'pays');
}

function* neverRecovers(...[books, shop, number]: Parameters<StoryTeller>): ReturnType<StoryTeller> {
  const session = checkout(books, arrive(books, number), shop.pro);
  yield MINUTE;
  const subscription = complete(books, session);
  yield DAY;
  setBehaviour(books, cardOf(subscription), 'declines');
  yield 45 * DAY;
  const invoice = books.invoices.get(subscription?.latest_invoice ?? '');
  if (invoice !== undefined) payInvoice(books, invoice);
}

function* pausedTrial(...[books, shop, number]: Parameters<StoryTeller>): ReturnType<StoryTeller> {
  const customer = arrive(books, number);
  const session = checkout(books, customer, shop.basic, {
    trialDays: 5,
    missingPaymentMethod: 'pause',
    methodCollection: 'if_required',
  });
  yield MINUTE;
  completeSession(books, session, null);
  yield 9 * DAY;
  const card = createPaymentMethod(books, { type: 'card', behaviour: 'pays', customer: customer.id });
  updateCustomer(books, customer, { defaultPaymentMethod: card.id });
  yield MINUTE;
  const subscription = books.subscriptions.get(session.subscription ?? '');
  if (subscription !== undefined) resumeSubscription(books, subscription);
}

function* debit(books: Books, price: Price, number: number, behaviour: Behaviour): ReturnType<StoryTeller> {
  const session = checkout(books, arrive(books, number), price);
  yield 4 * MINUTE;
  complete(books, session, behaviour, 'us_bank_account');
}

function* expires(...[books, shop, number]: Parameters<StoryTeller>): ReturnType<StoryTeller> {
  const customer = arrive(books, number);
  const session = checkout(books, customer, shop.basic);
  yield 2 * HOUR;
  if (number % 2 === 0) expireSession(books, session);
  yield 2 * DAY;
  updateCustomer(books, customer, { phone: '+15550100000', metadata: { lead: 'cold' } });
}

function* refunds(...[books, shop, number]: Parameters<StoryTeller>): ReturnType<StoryTeller> {
  const session = checkout(books, arrive(books, number), shop.pro);
  yield MINUTE;
  complete(books, session);
  yield 2 * DAY;
  const charge = chargeOf(books, session.invoice);
  if (charge === undefined) return;
  const part = refundCharge(books, charge, { amount: 1000, reason: 'requested_by_customer' });
  yield 6 * HOUR;
  referenceRefund(books, part);
  yield 3 * DAY;
  const rest = refundCharge(books, charge);
  yield 4 * DAY;
  if (number % 2 === 0) failRefund(books, rest);
}

function* dispute(...[books, shop, number]: Parameters<StoryTeller>): ReturnType<StoryTeller> {
  const session = checkout(books, arrive(books, number), shop.pro);
  yield MINUTE;
  complete(books, session);
  yield 6 * DAY;
  const charge = chargeOf(books, session.invoice);
  if (charge === undefined) return;
  const opened = openDispute(books, charge, 'fraudulent');
  yield 2 * DAY;
  answerDispute(books, opened);
  yield 8 * DAY;
  closeDispute(books, opened, books.random.chance(0.5) ? 'won' : 'lost');
}

function* oneOff(...[books, shop, number]: Parameters<StoryTeller>): ReturnType<StoryTeller> {
  const customer = arrive(books, number);
  const card = createPaymentMethod(books, { type: 'card', behaviour: 'asks', customer: customer.id });
  const pay = createIntent(books, { amount: 25_000, currency: 'usd', customer: customer.id });
  attempt(books, pay, card);
  yield 2 * MINUTE;
  finishAction(books, pay, number % 3 !== 0);
  yield DAY;
  const left = createIntent(books, { amount: 700, currency: 'usd', customer: customer.id });
  yield DAY;
  cancelIntent(books, left, 'abandoned');
  const session = openSession(books, { mode: 'payment', items: [{ price: shop.setup }], customer: customer.id });
  yield 3 * MINUTE;
  complete(books, session, 'settles-later', 'us_bank_account');
}

function* cancels(...[books, shop, number]: Parameters<StoryTeller>): ReturnType<StoryTeller> {
  const session = checkout(books, arrive(books, number), shop.basic);
  yield MINUTE;
  const subscription = complete(books, session);
  yield 5 * DAY;
  if (subscription === null) return;
  cancelAtPeriodEnd(books, subscription, true);
  if (number % 3 !== 0) return;
  yield DAY;
  cancelAtPeriodEnd(books, subscription, false);
  yield 3 * DAY;
  cancelNow(books, subscription);
}

function* seats(...[books, shop, number]: Parameters<StoryTeller>): ReturnType<StoryTeller> {
  const price = number % 2 === 0 ? shop.graduated : shop.volume;
  const session = checkout(books, arrive(books, number), price, { items: [{ price, quantity: 4 }] });
  yield MINUTE;
  const subscription = complete(books, session);
  for (const quantity of [12, 30, 7]) {
    yield 6 * DAY;
    const item = subscription?.items.data[0];
    if (subscription !== null && item !== undefined)
      changeItems(books, subscription, [{ item, quantity }], 'create_prorations');
  }
  if (subscription === null) return;
  changeItems(books, subscription, [{ price: shop.metered }], 'create_prorations');
  yield 2 * DAY;
  const extra = subscription.items.data.at(1);
  if (extra !== undefined) changeItems(books, subscription, [{ item: extra, remove: true }], 'create_prorations');
}

function* plain(books: Books, price: Price, number: number): ReturnType<StoryTeller> {
  const session = checkout(books, arrive(books, number), price);
  yield MINUTE;
  complete(books, session);
}

function* deleted(...[books, shop, number]: Parameters<StoryTeller>): ReturnType<StoryTeller> {
  const customer = arrive(books, number);
  const session = checkout(books, customer, shop.yearly);
  yield MINUTE;
  const subscription = complete(books, session);
  yield 15 * DAY;
  if (subscription !== null) cancelNow(books, subscription);
  deleteCustomer(books, customer);
}
