import type { JsonObject } from '@payments/core/event';
import * as v from 'valibot';
import type { StripeAccount } from './account.ts';
import type { AccountEvent, Books } from './books.ts';
import { DAY } from './calendar.ts';
import { inShownOrder, itemAt, selection } from './list-page.ts';
import { flag, hash, list, oneOf, text } from './parameters.ts';
import type { Sequence, Shelf, Shelved } from './shelf.ts';
import { refused } from './stripe-error.ts';

export type Collection = {
  readonly noun: string;
  /** Filters of its list besides those of every list. */
  readonly filters: v.ObjectEntries;
  /** What a list with these filters has to look through. */
  sequence(given: Given): Sequence<JsonObject>;
  /** Nothing that was created before this second is shown. */
  since?(): number;
  get(id: string): JsonObject | undefined;
  matches(object: JsonObject, given: Given): boolean;
};

/** Filters as they were read. */
export type Given = Readonly<Record<string, unknown>>;

/** A filter that asks for more than the same value under the same name. */
type Filter = { readonly schema: v.GenericSchema; matches(object: JsonObject, given: unknown): boolean };

/** What can be read, by path, with the filters that our functions and operators use. */
export function collections(account: StripeAccount): ReadonlyMap<string, Collection> {
  const { books } = account;
  const of = <T extends Shelved>(
    noun: string,
    shelf: Shelf<T>,
    plain: v.ObjectEntries,
    others: Readonly<Record<string, Filter>> = {},
  ): Collection => ({
    noun,
    filters: { ...plain, ...Object.fromEntries(Object.entries(others).map(([name, { schema }]) => [name, schema])) },
    sequence: (given) => narrowed(shelf, given),
    get: (id) => shelf.peek(id),
    matches: (object, given) =>
      Object.keys(plain).every((key) => given[key] === undefined || object[key] === given[key]) &&
      Object.entries(others).every(([name, filter]) => filter.matches(object, given[name])),
  });
  const id = v.optional(text());
  const flagged = v.optional(flag());
  const status = <const T extends readonly [string, ...string[]]>(...values: T) => v.optional(oneOf(values));
  return new Map<string, Collection>([
    ['customers', of('customer', books.customers, { email: v.optional(text(512)) })],
    ['products', of('product', books.products, { active: flagged })],
    [
      'prices',
      of(
        'price',
        books.prices,
        { product: id, active: flagged, currency: id, type: status('one_time', 'recurring') },
        { lookup_keys: LOOKUP_KEYS },
      ),
    ],
    ['payment_methods', of('payment_method', books.paymentMethods, { customer: id, type: id })],
    ['subscriptions', of('subscription', books.subscriptions, { customer: id }, { status: STATUS })],
    ['subscription_items', subscriptionItems(books)],
    [
      'invoices',
      of(
        'invoice',
        books.invoices,
        { customer: id, status: status('draft', 'open', 'paid', 'uncollectible', 'void') },
        { subscription: SUBSCRIPTION },
      ),
    ],
    [
      'invoice_payments',
      of(
        'invoice_payment',
        books.invoicePayments,
        { invoice: id, status: status('canceled', 'open', 'paid') },
        { payment: PAYMENT },
      ),
    ],
    ['payment_intents', of('payment_intent', books.paymentIntents, { customer: id })],
    ['charges', of('charge', books.charges, { customer: id, payment_intent: id })],
    ['refunds', of('refund', books.refunds, { charge: id, payment_intent: id })],
    ['disputes', of('dispute', books.disputes, { charge: id, payment_intent: id })],
    [
      'checkout/sessions',
      of('checkout.session', books.sessions, {
        customer: id,
        payment_intent: id,
        subscription: id,
        status: status('complete', 'expired', 'open'),
      }),
    ],
    ['webhook_endpoints', webhookEndpoints(books)],
    ['events', events(account)],
  ]);
}

/** Only those with the value of the first filter that the shelf has an index for. */
function narrowed<T extends Shelved>(shelf: Shelf<T>, given: Given): Sequence<T> {
  const { payment, ...others } = given;
  const intent = v.is(PaidBy, payment) ? payment.payment_intent : undefined;
  for (const [field, value] of Object.entries({ ...others, 'payment[payment_intent]': intent })) {
    if (typeof value === 'string' && shelf.isIndexed(field)) return selection(shelf, shelf.placesHaving(field, value));
  }
  return shelf;
}

/** Stripe lists the items of one subscription only. */
function subscriptionItems(books: Books): Collection {
  return {
    noun: 'subscription_item',
    filters: { subscription: text() },
    sequence: ({ subscription }) => inShownOrder(books.subscriptions.peek(String(subscription))?.items.data ?? []),
    get: (id) =>
      books.subscriptions.peek(books.subscriptionOfItem.get(id) ?? '')?.items.data.find((it) => it.id === id),
    matches: () => true,
  };
}

function webhookEndpoints(books: Books): Collection {
  return {
    noun: 'webhook endpoint',
    filters: {},
    sequence: () => inShownOrder([...books.webhookEndpoints.values()].reverse()),
    get: (id) => books.webhookEndpoints.get(id),
    matches: () => true,
  };
}

/** Stripe has events of the last thirty days. */
const EVENTS_KEPT = 30 * DAY;

function events(account: StripeAccount): Collection {
  const { books } = account;
  const all = books.events;
  // Of an event that no endpoint was subscribed to, nobody is owed anything: it counts as delivered.
  const pending = (id: string): number => books.awaited.get(id) ?? 0;
  const shown = (it: AccountEvent): JsonObject => ({ ...it, pending_webhooks: pending(it.id) });
  const since = (): number => books.now() - EVENTS_KEPT;
  return {
    noun: 'event',
    filters: { delivery_success: v.optional(flag()), type: v.optional(text()), types: v.optional(list(text(), 20)) },
    sequence: () => ({
      length: all.length,
      createdAt: (place) => itemAt(all, place).created,
      at: (place) => shown(itemAt(all, place)),
      placeOf: (id) => books.eventPlaces.get(id),
    }),
    get: (id) => {
      const found = all[books.eventPlaces.get(id) ?? -1];
      return found === undefined || found.created < since() ? undefined : shown(found);
    },
    since,
    matches: ofTypes,
  };
}

const STATUS: Filter = {
  schema: v.optional(
    oneOf([
      'active',
      'all',
      'canceled',
      'ended',
      'incomplete',
      'incomplete_expired',
      'past_due',
      'paused',
      'trialing',
      'unpaid',
    ]),
  ),
  // Without a status Stripe lists all but canceled ones.
  matches: ({ status }, given) => {
    if (given === undefined) return status !== 'canceled';
    if (given === 'ended') return status === 'canceled' || status === 'incomplete_expired';
    return given === 'all' || status === given;
  },
};

const Texts = v.array(v.string());

const LOOKUP_KEYS: Filter = {
  schema: v.optional(list(text(), 10)),
  matches: ({ lookup_key: key }, given) => !v.is(Texts, given) || (typeof key === 'string' && given.includes(key)),
};

const OfSubscription = v.object({ subscription_details: v.object({ subscription: v.string() }) });

const SUBSCRIPTION: Filter = {
  schema: v.optional(text()),
  matches: ({ parent }, given) =>
    given === undefined || (v.is(OfSubscription, parent) && parent.subscription_details.subscription === given),
};

const PaidBy = v.object({ payment_intent: v.string() });

const PAYMENT: Filter = {
  schema: v.optional(
    hash({
      type: oneOf(['payment_intent', 'payment_record']),
      payment_intent: v.optional(text()),
      payment_record: v.optional(text()),
    }),
  ),
  matches: ({ payment }, given) =>
    !v.is(PaidBy, given) || (v.is(PaidBy, payment) && payment.payment_intent === given.payment_intent),
};

function ofTypes(object: JsonObject, { type, types, delivery_success: delivered }: Given): boolean {
  if (type !== undefined && types !== undefined) throw refused('You may pass either `type` or `types`, but not both.');
  const pending = Number(object.pending_webhooks ?? 0) > 0;
  return (
    (type === undefined || object.type === type) &&
    (!v.is(Texts, types) || types.includes(String(object.type))) &&
    (delivered === undefined || delivered !== pending)
  );
}
