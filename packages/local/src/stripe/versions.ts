import type { Json, JsonObject } from '@payments/core/event';
import type { AccountEvent, Books } from './books.ts';
import { API_VERSION } from './books.ts';
import { invoiceIdOf } from './invoice-payment.ts';
import { isHash, isList, previousAttributes, stripeOrdered } from './json.ts';

/** `before-basil` is how versions up to 2025-02-24.acacia show things; 2024-06-20 is the one we looked at. */
export type Shape = 'today' | 'before-basil';

const BASIL = '2025-03-31';
/** Since this version there are invoice_payment events. */
const INVOICE_PAYMENTS = '2025-05-28';

/** Since when a version bears a name, and which; those before bear none (stripe's changelog). */
const NAMES = [
  ['2024-09-30', 'acacia'],
  [BASIL, 'basil'],
  ['2025-09-30', 'clover'],
  ['2026-03-25', 'dahlia'],
  ['2026-09-30', 'endive'],
] as const;

/** Whether there can be such a version: a day up to today's version, with the name of its time. */
export function isVersion(text: string): boolean {
  const [, day = '', name] = /^(\d{4}-\d{2}-\d{2})(?:\.([a-z]+))?$/.exec(text) ?? [];
  if (day === '' || day > API_VERSION.slice(0, day.length)) return false;
  return name === NAMES.findLast(([since]) => since <= day)?.[1];
}

/** Null: the account's own, today's. Between basil and today this account knows one shape. */
export function shapeOf(version: string | null): Shape {
  return version !== null && version < BASIL ? 'before-basil' : 'today';
}

/** Whether an endpoint of this version is told of a type at all. */
export function knows({ guesses }: Books, version: string | null, type: string): boolean {
  return (
    guesses.youngerTypes === 'sent' ||
    version === null ||
    version >= INVOICE_PAYMENTS ||
    !type.startsWith('invoice_payment.')
  );
}

/** An object and all in it as a version shows them; the account keeps today's. */
export function renderObject(books: Books, object: JsonObject, shape: Shape): JsonObject {
  // An event stays as it was made, whoever asks: only webhook endpoints have a version of their own.
  if (shape === 'today' || object.object === 'event') return object;
  const inner: Record<string, Json> = {};
  for (const [key, value] of Object.entries(object)) inner[key] = renderValue(books, value, shape);
  // The period of a subscription is read off its items before they are stripped of it.
  const period = object.object === 'subscription' ? periodOf(object) : {};
  return stripeOrdered({ ...before(books, inner), ...period });
}

/** That of the item which renews next. */
function periodOf(subscription: JsonObject): JsonObject {
  const items = hashOf(subscription.items).data;
  const periods = (items !== undefined && isList(items) ? items : []).filter(isHash);
  const ends = periods.flatMap(({ current_period_end: end }) => (typeof end === 'number' ? [end] : []));
  const next = periods.find((item) => item.current_period_end === Math.min(...ends));
  if (next === undefined) return {};
  return {
    current_period_end: next.current_period_end ?? null,
    current_period_start: next.current_period_start ?? null,
  };
}

function renderValue(books: Books, value: Json, shape: Shape): Json {
  if (isList(value)) return value.map((item) => renderValue(books, item, shape));
  return isHash(value) ? renderObject(books, value, shape) : value;
}

/** An event as an endpoint of `version` gets it, `previous_attributes` included. */
export function renderEvent(books: Books, event: AccountEvent, version: string | null): JsonObject {
  const shape = shapeOf(version);
  if (shape === 'today') return { ...event, api_version: version ?? API_VERSION };
  const object = renderObject(books, event.data.object, shape);
  const previous = event.data.previous_attributes;
  return {
    ...event,
    api_version: version,
    data: {
      object,
      ...(previous == null
        ? {}
        : {
            previous_attributes: stripeOrdered(
              previousAttributes(renderObject(books, merged(event.data.object, previous), shape), object),
            ),
          }),
    },
  };
}

/** What the object was before the change: `previous` laid over it. */
function merged(object: JsonObject, previous: JsonObject): JsonObject {
  const result: Record<string, Json> = { ...object };
  for (const [key, old] of Object.entries(previous)) {
    const now = object[key];
    result[key] = isHash(old) && now !== undefined && isHash(now) ? merged(now, old) : old;
  }
  return result;
}

function before(books: Books, object: Record<string, Json>): JsonObject {
  switch (object.object) {
    case 'subscription':
      return subscriptionBefore(object);
    case 'subscription_item':
      return without(object, ['current_period_end', 'current_period_start']);
    case 'invoice':
      return invoiceBefore(books, object);
    case 'line_item':
      return lineBefore(books, object);
    case 'payment_intent':
      return {
        ...without(object, ['customer_account', 'excluded_payment_method_types', 'payment_details']),
        invoice: invoiceIdOf(books, text(object.id)),
      };
    case 'charge':
      return { ...object, invoice: invoiceIdOf(books, text(object.payment_intent)) };
    case 'plan':
      return { ...object, aggregate_usage: null };
    case 'price':
      return isHash(object.recurring ?? null)
        ? { ...object, recurring: { ...hashOf(object.recurring), aggregate_usage: null } }
        : object;
    case 'checkout.session':
      return {
        ...without(object, ['adaptive_pricing', 'customer_account', 'integration_identifier', 'origin_context']),
        ui_mode: 'hosted',
      };
    default:
      return object;
  }
}

function subscriptionBefore(object: JsonObject): JsonObject {
  return {
    ...without(object, ['billing_mode', 'billing_schedules', 'customer_account', 'managed_payments', 'status_details']),
    discount: null,
  };
}

function invoiceBefore(books: Books, object: JsonObject): JsonObject {
  const details = hashOf(hashOf(object.parent).subscription_details);
  const intent = books.invoicePayments.peekHaving('invoice', text(object.id))?.payment.payment_intent ?? null;
  return {
    ...without(object, ['amount_overpaid', 'customer_account', 'parent', 'total_pretax_credit_amounts', 'total_taxes']),
    charge: books.paymentIntents.get(intent ?? '')?.latest_charge ?? null,
    discount: null,
    paid: object.status === 'paid',
    paid_out_of_band: false,
    payment_intent: intent,
    subscription: details.subscription ?? null,
    subscription_details: { metadata: details.metadata ?? null },
    tax: null,
    total_tax_amounts: [],
    transfer_data: null,
  };
}

function lineBefore(books: Books, object: JsonObject): JsonObject {
  const parent = hashOf(object.parent);
  const item = hashOf(parent.subscription_item_details);
  const lone = hashOf(parent.invoice_item_details);
  const price = books.prices.get(text(hashOf(hashOf(object.pricing).price_details).price));
  const subscription = books.subscriptions.get(text(item.subscription));
  const plan = subscription?.items.data.find((it) => it.price.id === price?.id)?.plan ?? null;
  const proration = item.proration === true;
  return {
    ...without(object, ['parent', 'pretax_credit_amounts', 'pricing', 'quantity_decimal', 'subtotal', 'taxes']),
    amount_excluding_tax: object.amount ?? 0,
    invoice_item: lone.invoice_item ?? null,
    plan: plan === null ? null : { ...plan, aggregate_usage: null },
    price: price === undefined ? null : before(books, { ...price }),
    proration,
    proration_details: { credited_items: null },
    subscription: item.subscription ?? null,
    subscription_item: item.subscription_item ?? null,
    tax_amounts: [],
    tax_rates: [],
    type: item.subscription === undefined || proration ? 'invoiceitem' : 'subscription',
    unit_amount_excluding_tax: hashOf(object.pricing).unit_amount_decimal ?? null,
  };
}

function without(object: JsonObject, keys: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([key]) => !keys.includes(key)));
}

function hashOf(value: Json | undefined): JsonObject {
  return value !== undefined && isHash(value) ? value : {};
}

function text(value: Json | undefined): string {
  return typeof value === 'string' ? value : '';
}
