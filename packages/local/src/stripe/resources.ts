import type { JsonObject } from '@payments/core/event';
import type { StripeAccount } from './account.ts';
import type { AccountEvent } from './books.ts';
import type { SubscriptionItem } from './subscription.ts';

export type Collection = {
  readonly noun: string;
  /** Filters of its list, at the top level, besides those of every list. */
  readonly filters: readonly string[];
  all(): Iterable<JsonObject>;
  get(id: string): JsonObject | undefined;
  matches(object: JsonObject, query: URLSearchParams): boolean;
};

/** What can be read, by path, with the filters that our functions and operators use. */
export function collections(account: StripeAccount): ReadonlyMap<string, Collection> {
  const { books } = account;
  const of = (noun: string, map: ReadonlyMap<string, JsonObject>, ...filters: readonly string[]): Collection => ({
    noun,
    filters,
    all: () => [...map.values()].filter((object) => !account.isDeleted(String(object.id))),
    get: (id) => map.get(id),
    matches: (object, query) => filters.every((key) => !query.has(key) || String(object[key]) === query.get(key)),
  });
  const subscriptions = of('subscription', books.subscriptions, 'customer');
  const prices = of('price', books.prices, 'product', 'active', 'currency', 'type');
  const payments = of('invoice_payment', books.invoicePayments, 'invoice', 'status');
  const items = (): SubscriptionItem[] => [...books.subscriptions.values()].flatMap((it) => it.items.data);
  const pending = (id: string): number => books.awaited.get(id) ?? (books.acknowledged.has(id) ? 0 : 1);
  const event = (it: AccountEvent): JsonObject => ({ ...it, pending_webhooks: pending(it.id) });
  return new Map<string, Collection>([
    ['customers', of('customer', books.customers, 'email')],
    ['products', of('product', books.products, 'active')],
    [
      'prices',
      {
        ...prices,
        filters: [...prices.filters, 'lookup_keys'],
        matches: (it, query) => prices.matches(it, query) && hasLookupKey(it, query),
      },
    ],
    ['payment_methods', of('payment_method', books.paymentMethods, 'customer', 'type')],
    [
      'subscriptions',
      {
        ...subscriptions,
        filters: ['customer', 'status'],
        matches: (it, query) => subscriptions.matches(it, query) && inStatus(it, query),
      },
    ],
    [
      'subscription_items',
      {
        ...of('subscription_item', new Map(), 'subscription'),
        all: items,
        get: (id) => items().find((item) => item.id === id),
      },
    ],
    ['invoices', of('invoice', books.invoices, 'customer', 'status')],
    [
      'invoice_payments',
      {
        ...payments,
        filters: [...payments.filters, 'payment'],
        matches: (it, query) => payments.matches(it, query) && paidBy(it, query),
      },
    ],
    ['payment_intents', of('payment_intent', books.paymentIntents, 'customer')],
    ['charges', of('charge', books.charges, 'customer', 'payment_intent')],
    ['refunds', of('refund', books.refunds, 'charge', 'payment_intent')],
    ['disputes', of('dispute', books.disputes, 'charge', 'payment_intent')],
    [
      'checkout/sessions',
      of('checkout.session', books.sessions, 'customer', 'payment_intent', 'subscription', 'status'),
    ],
    ['webhook_endpoints', of('webhook endpoint', books.webhookEndpoints)],
    [
      'events',
      {
        noun: 'event',
        filters: ['delivery_success', 'type', 'types'],
        all: () => books.events.map(event),
        get: (id) => {
          const found = books.eventById.get(id);
          return found === undefined ? undefined : event(found);
        },
        matches: ofTypes,
      },
    ],
  ]);
}

/** Without a status Stripe lists all but canceled ones. */
function inStatus(object: JsonObject, query: URLSearchParams): boolean {
  const status = query.get('status');
  if (status === null) return object.status !== 'canceled';
  return status === 'all' || object.status === status;
}

function hasLookupKey(object: JsonObject, query: URLSearchParams): boolean {
  const keys = [...query].filter(([key]) => key.startsWith('lookup_keys[')).map(([, value]) => value);
  return keys.length === 0 || keys.includes(String(object.lookup_key));
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
