import { type Envelope, isObject, isThin, type StripeEvent, type ThinEvent } from './event.ts';
import { NeverRetry } from './failure.ts';
import type { Fetched, FetchedObject, Need, ObjectReader, Plan, Reading, Source } from './need.ts';
import { charge } from './objects/charge.ts';
import { checkoutSession } from './objects/checkout-session.ts';
import { customer } from './objects/customer.ts';
import { dispute } from './objects/dispute.ts';
import { invoice } from './objects/invoice.ts';
import { invoicePayment } from './objects/invoice-payment.ts';
import { paymentIntent } from './objects/payment-intent.ts';
import { price } from './objects/price.ts';
import { product } from './objects/product.ts';
import { asJsonObject, idOf } from './objects/reference.ts';
import { refund } from './objects/refund.ts';
import { subscription } from './objects/subscription.ts';
import { routeOf } from './routes.ts';

export type { Fetched, FetchedObject, Need, PaymentFailed, Plan, Source } from './need.ts';

/**
 * From a Stripe event to what Salesforce will be told, in two pure steps: `needs` says what has to be read from Stripe
 * first, `plan` makes the records from the event and what was read. Whoever calls them does the reading.
 */

type StripeObject = {
  readonly reader: ObjectReader;
  /** Where the API has the object, and what to expand in it. */
  readonly path: string;
  readonly expand: readonly string[];
};

/** By the beginning of the event's type; the first that fits. `charge.refund.updated` is about a refund. */
const OBJECTS: readonly (readonly [prefix: string, StripeObject])[] = [
  ['checkout.session.', { reader: checkoutSession, path: '/v1/checkout/sessions', expand: [] }],
  ['customer.subscription.', { reader: subscription, path: '/v1/subscriptions', expand: [] }],
  ['customer.', { reader: customer, path: '/v1/customers', expand: [] }],
  ['payment_intent.', { reader: paymentIntent, path: '/v1/payment_intents', expand: ['latest_charge'] }],
  ['invoice_payment.', { reader: invoicePayment, path: '/v1/invoice_payments', expand: [] }],
  ['invoice.', { reader: invoice, path: '/v1/invoices', expand: [] }],
  ['charge.dispute.', { reader: dispute, path: '/v1/disputes', expand: [] }],
  ['charge.refund.', { reader: refund, path: '/v1/refunds', expand: [] }],
  ['charge.', { reader: charge, path: '/v1/charges', expand: [] }],
  ['refund.', { reader: refund, path: '/v1/refunds', expand: [] }],
  ['price.', { reader: price, path: '/v1/prices', expand: ['tiers', 'product'] }],
  ['product.', { reader: product, path: '/v1/products', expand: [] }],
];

function objectOf(type: string): StripeObject | null {
  if (routeOf(type) === null) return null;
  return OBJECTS.find(([prefix]) => type.startsWith(prefix))?.[1] ?? null;
}

function reading(source: Source, fetched: Fetched): Reading {
  return { ...source, object: source.event.data.object, fetched };
}

const NOTHING: Fetched = new Map();

/**
 * What has to be read from Stripe before {@link plan}. Ask again with what was fetched until nothing is left: a page
 * of a list may ask for the next one. Needs already answered are not repeated.
 */
export function needs(source: Source, fetched: Fetched = NOTHING): readonly Need[] {
  const known = objectOf(source.event.type);
  if (known === null) return [];
  return known.reader.needs(reading(source, fetched)).filter((need) => !fetched.has(need.key));
}

/** The records of one event. Without an answer to a need it says what it knows, and a note says what is missing. */
export function plan(source: Source, fetched: Fetched): Plan {
  const known = objectOf(source.event.type);
  if (known === null) {
    return { records: [], paymentFailed: null, notes: [`${source.event.type} is not routed: nothing is written`] };
  }
  const told = known.reader.tell(reading(source, fetched));
  return { records: told.records, paymentFailed: told.paymentFailed ?? null, notes: told.notes };
}

/** Where the event itself is kept: Stripe has it for 30 days. */
export function eventNeed(event: ThinEvent): Need {
  return {
    key: `event:${event.id}`,
    path: `/v1/events/${encodeURIComponent(event.id)}`,
    query: [],
    why: `${event.id} was too large for a machine's input`,
  };
}

/** The object of the event as it is now. `null` when the event is not routed or its object has no id. */
export function refetchNeed(event: Envelope['event']): Need | null {
  const known = objectOf(event.type);
  const id = isThin(event) ? event.objectId : idOf(event.data.object);
  if (known === null || id === null) return null;
  return {
    key: `object:${id}`,
    path: `${known.path}/${encodeURIComponent(id)}`,
    query: known.expand.map((field) => ['expand[]', field] as const),
    why: `${id} as it is now`,
  };
}

/**
 * The event with its object replaced by what {@link refetchNeed} brought. An event whose object Stripe no longer has
 * (404) stays as it was delivered, not fetched. The answer to {@link eventNeed} may be given as well: it is the event.
 * @throws NeverRetry when a thin event's object is gone and its type does not say that it was deleted.
 */
export function withFetchedObject(event: StripeEvent | ThinEvent, answer: FetchedObject): Source {
  const object = asJsonObject(answer.body);
  if (!isThin(event)) {
    if (object === null) return { event, fetchedAt: null };
    return { event: { ...event, data: { ...event.data, object } }, fetchedAt: answer.at };
  }
  const { id, type, created, livemode, api_version } = event;
  const base = { id, object: 'event', type, created, livemode, api_version } as const;
  if (object !== null && object.object === 'event' && isObject(object.data)) {
    const whole = asJsonObject(object.data.object);
    const previous = asJsonObject(object.data.previous_attributes);
    if (whole !== null) {
      const data = previous === null ? { object: whole } : { object: whole, previous_attributes: previous };
      return { event: { ...base, data }, fetchedAt: null };
    }
  }
  if (object !== null) return { event: { ...base, data: { object } }, fetchedAt: answer.at };
  if (type.endsWith('.deleted')) {
    return { event: { ...base, data: { object: { id: event.objectId, deleted: true } } }, fetchedAt: answer.at };
  }
  throw new NeverRetry(`${event.objectId} of ${id} is gone from Stripe: nothing is left to write`, {
    code: 'object_gone',
    category: 'Data',
  });
}
