import type { JsonObject } from '@payments/core/event';
import type { StripeAccount } from './account.ts';
import type { AccountEvent, Books } from './books.ts';
import { DAY } from './calendar.ts';
import { isHash } from './json.ts';
import { inShownOrder, itemAt, selection } from './list-page.ts';
import type { Sequence, Shelf, Shelved } from './shelf.ts';
import { refused } from './stripe-error.ts';

export type Collection = {
  readonly noun: string;
  /** Filters of its list, at the top level, besides those of every list. */
  readonly filters: readonly string[];
  /** What a list with these filters has to look through. */
  sequence(query: URLSearchParams): Sequence<JsonObject>;
  /** Nothing that was created before this second is shown. */
  since?(): number;
  get(id: string): JsonObject | undefined;
  matches(object: JsonObject, query: URLSearchParams): boolean;
};

type Matches = Collection['matches'];

/** What can be read, by path, with the filters that our functions and operators use. */
export function collections(account: StripeAccount): ReadonlyMap<string, Collection> {
  const { books } = account;
  const of = <T extends Shelved>(
    noun: string,
    shelf: Shelf<T>,
    filters: readonly string[],
    others: Readonly<Record<string, Matches>> = {},
  ): Collection => ({
    noun,
    filters: [...filters, ...Object.keys(others)],
    sequence: (query) => narrowed(shelf, query),
    get: (id) => shelf.peek(id),
    matches: (object, query) =>
      filters.every((key) => !query.has(key) || String(object[key]) === query.get(key)) &&
      Object.values(others).every((holds) => holds(object, query)),
  });
  return new Map<string, Collection>([
    ['customers', of('customer', books.customers, ['email'])],
    ['products', of('product', books.products, ['active'])],
    ['prices', of('price', books.prices, ['product', 'active', 'currency', 'type'], { lookup_keys: hasLookupKey })],
    ['payment_methods', of('payment_method', books.paymentMethods, ['customer', 'type'])],
    ['subscriptions', of('subscription', books.subscriptions, ['customer'], { status: inStatus })],
    ['subscription_items', subscriptionItems(books)],
    ['invoices', of('invoice', books.invoices, ['customer', 'status'], { subscription: ofSubscription })],
    ['invoice_payments', of('invoice_payment', books.invoicePayments, ['invoice', 'status'], { payment: paidBy })],
    ['payment_intents', of('payment_intent', books.paymentIntents, ['customer'])],
    ['charges', of('charge', books.charges, ['customer', 'payment_intent'])],
    ['refunds', of('refund', books.refunds, ['charge', 'payment_intent'])],
    ['disputes', of('dispute', books.disputes, ['charge', 'payment_intent'])],
    [
      'checkout/sessions',
      of('checkout.session', books.sessions, ['customer', 'payment_intent', 'subscription', 'status']),
    ],
    ['webhook_endpoints', webhookEndpoints(books)],
    ['events', events(account)],
  ]);
}

/** Only those with the value of the first filter that the shelf has an index for. */
function narrowed<T extends Shelved>(shelf: Shelf<T>, query: URLSearchParams): Sequence<T> {
  for (const [field, value] of query) {
    if (shelf.isIndexed(field)) return selection(shelf, shelf.placesHaving(field, value));
  }
  return shelf;
}

/** Stripe lists the items of one subscription only. */
function subscriptionItems(books: Books): Collection {
  return {
    noun: 'subscription_item',
    filters: ['subscription'],
    sequence: (query) => inShownOrder(books.subscriptions.peek(query.get('subscription') ?? '')?.items.data ?? []),
    get: (id) =>
      books.subscriptions.peek(books.subscriptionOfItem.get(id) ?? '')?.items.data.find((it) => it.id === id),
    matches: () => true,
  };
}

function webhookEndpoints(books: Books): Collection {
  return {
    noun: 'webhook endpoint',
    filters: [],
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
  const pending = (id: string): number => books.awaited.get(id) ?? (books.acknowledged.has(id) ? 0 : 1);
  const shown = (it: AccountEvent): JsonObject => ({ ...it, pending_webhooks: pending(it.id) });
  const since = (): number => books.now() - EVENTS_KEPT;
  return {
    noun: 'event',
    filters: ['delivery_success', 'type', 'types'],
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

const STATUSES = [
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
];

/** Without a status Stripe lists all but canceled ones. */
function inStatus(object: JsonObject, query: URLSearchParams): boolean {
  const status = query.get('status');
  if (status === null) return object.status !== 'canceled';
  if (!STATUSES.includes(status)) throw refused(`Invalid status: must be one of ${STATUSES.join(', ')}`, 'status');
  if (status === 'ended') return object.status === 'canceled' || object.status === 'incomplete_expired';
  return status === 'all' || object.status === status;
}

function hasLookupKey(object: JsonObject, query: URLSearchParams): boolean {
  const keys = [...query].filter(([key]) => key.startsWith('lookup_keys[')).map(([, value]) => value);
  return keys.length === 0 || keys.includes(String(object.lookup_key));
}

function ofSubscription(object: JsonObject, query: URLSearchParams): boolean {
  const asked = query.get('subscription');
  if (asked === null) return true;
  const { parent = null } = object;
  const { subscription_details: details = null } = isHash(parent) ? parent : {};
  return isHash(details) && details.subscription === asked;
}

function paidBy(object: JsonObject, query: URLSearchParams): boolean {
  const intent = query.get('payment[payment_intent]');
  const { payment } = object;
  if (intent === null) return true;
  return (
    typeof payment === 'object' && payment !== null && 'payment_intent' in payment && payment.payment_intent === intent
  );
}

function ofTypes(object: JsonObject, query: URLSearchParams): boolean {
  const types = [...query].filter(([key]) => /^types?(\[\d*\])*$/.test(key)).map(([, value]) => value);
  const delivered = query.get('delivery_success');
  const pending = Number(object.pending_webhooks ?? 0) > 0;
  return (
    (types.length === 0 || types.includes(String(object.type))) &&
    (delivered === null || (delivered === 'true') !== pending)
  );
}
