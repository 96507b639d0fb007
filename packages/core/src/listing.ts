import * as v from 'valibot';
import { isObject, type JsonObject, type StripeEvent, StripeEventSchema } from './event.ts';
import type { Fetched, FetchedObject, Source } from './need.ts';
import { asJsonObject, at, idOf } from './objects/reference.ts';
import type { SObjectName } from './record.ts';

/**
 * What Stripe's lists say, in the words of events: each object of a list becomes the states that an event about it would
 * bring, marked as read (or, for a Checkout session, dated as its event would be), so that the ordinary mapping (plan.ts)
 * makes the rows. A webhook that is newer than the reading has a newer version, and wins.
 */

/** In this order parents come before children. */
export const RESOURCES = ['customers', 'subscriptions', 'payments', 'prices'] as const;
export type Resource = (typeof RESOURCES)[number];

export type ListName =
  | 'customers'
  | 'deleted customers'
  | 'subscriptions'
  | 'sessions'
  | 'payment_intents'
  | 'invoice_payments'
  | 'disputes'
  | 'prices'
  | 'deleted prices';

export type List = {
  readonly name: ListName;
  readonly path: string;
  /** Beside `created`, `limit` and the cursor. */
  readonly query: readonly (readonly [name: string, value: string])[];
  /** The rows that it is read for; what else comes with it are parents. */
  readonly object: SObjectName;
};

/** Stripe lists no object that was deleted, but keeps the event of it for thirty days. */
const events = (...types: string[]) => types.map((type) => ['types[]', type] as const);
const expand = (...fields: string[]) => fields.map((field) => ['expand[]', `data.${field}`] as const);

export const LISTS = {
  customers: [
    { name: 'customers', path: '/v1/customers', query: [], object: 'Stripe_Customer__c' },
    { name: 'deleted customers', path: '/v1/events', query: events('customer.deleted'), object: 'Stripe_Customer__c' },
  ],
  subscriptions: [
    {
      name: 'subscriptions',
      path: '/v1/subscriptions',
      query: [['status', 'all'], ...expand('latest_invoice')],
      object: 'Stripe_Subscription__c',
    },
    { name: 'sessions', path: '/v1/checkout/sessions', query: [], object: 'Stripe_Subscription__c' },
  ],
  payments: [
    {
      name: 'payment_intents',
      path: '/v1/payment_intents',
      query: expand('latest_charge'),
      object: 'Payment_Transaction__c',
    },
    {
      name: 'invoice_payments',
      path: '/v1/invoice_payments',
      query: expand('invoice', 'payment.payment_intent'),
      object: 'Payment_Transaction__c',
    },
    { name: 'disputes', path: '/v1/disputes', query: [], object: 'Payment_Transaction__c' },
  ],
  prices: [
    { name: 'prices', path: '/v1/prices', query: expand('tiers', 'product'), object: 'Pricing_Plan__c' },
    { name: 'deleted prices', path: '/v1/events', query: events('price.deleted'), object: 'Pricing_Plan__c' },
  ],
} as const satisfies Record<Resource, readonly List[]>;

/** A state to plan from, with the answers that the list brought along. */
export type Listed = { readonly source: Source; readonly fetched: Fetched };

/**
 * The states that one object of a list tells. `atSecond` is the second of the answer (need.ts FetchedObject). Empty for
 * what no event would have told: an open Checkout session, the payment of an invoice that nobody tried to pay.
 */
export function listed(list: ListName, object: JsonObject, atSecond: number): readonly Listed[] {
  const read = (type: string, said: JsonObject, beside: readonly (readonly [string, unknown])[] = []): Listed => ({
    source: { event: eventOf(type, said, atSecond), fetchedAt: atSecond },
    fetched: new Map(beside.map(([key, body]): [string, FetchedObject] => [key, { body, at: atSecond }])),
  });
  switch (list) {
    case 'customers':
      return [read('customer.updated', object)];
    case 'subscriptions':
      return [read('customer.subscription.updated', object), ...messageOf(object, read)];
    case 'sessions':
      return sessionStates(object);
    case 'payment_intents':
      return [read('payment_intent.processing', object), ...chargeOf(object, read)];
    case 'invoice_payments':
      return linkOf(object, read);
    case 'disputes':
      return [read('charge.dispute.updated', object)];
    case 'prices':
      return [read('price.updated', object)];
    case 'deleted customers':
    case 'deleted prices':
      return v.is(StripeEventSchema, object)
        ? [{ source: { event: object, fetchedAt: null }, fetched: new Map() }]
        : [];
  }
}

type Read = (type: string, said: JsonObject, beside?: readonly (readonly [string, unknown])[]) => Listed;

function eventOf(type: string, object: JsonObject, created: number): StripeEvent {
  const id = `list_${idOf(object) ?? 'object'}`;
  const livemode = object.livemode === true;
  return { id, object: 'event', type, created, livemode, api_version: null, data: { object } };
}

/** The newest invoice says whether the subscription is paid now; a draft, or one that nobody tried to pay, says nothing. */
function messageOf(subscription: JsonObject, read: Read): readonly Listed[] {
  const invoice = asJsonObject(subscription.latest_invoice);
  const id = idOf(subscription);
  if (invoice === null || id === null) return [];
  if (invoice.status !== 'paid' && !(invoice.status === 'open' && invoice.attempted === true)) return [];
  return [read('invoice.paid', invoice, [[`newest_invoice:${id}`, { object: 'list', data: [invoice] }]])];
}

/** As its event would be dated: a session speaks with the second in which it was opened (objects/checkout-session.ts). */
function sessionStates(session: JsonObject): readonly Listed[] {
  const { status, created } = session;
  if ((status !== 'complete' && status !== 'expired') || typeof created !== 'number') return [];
  const type = status === 'expired' ? 'checkout.session.expired' : 'checkout.session.completed';
  return [{ source: { event: eventOf(type, session, created), fetchedAt: null }, fetched: new Map() }];
}

/** Charges that failed tell nothing that their PaymentIntent does not. */
function chargeOf(intent: JsonObject, read: Read): readonly Listed[] {
  const charge = asJsonObject(intent.latest_charge);
  return charge?.status === 'succeeded' ? [read('charge.refunded', charge)] : [];
}

function linkOf(invoicePayment: JsonObject, read: Read): readonly Listed[] {
  const intent = at(invoicePayment, 'payment', 'payment_intent');
  const id = idOf(intent);
  const tried = invoicePayment.status === 'paid' || isObject(at(intent, 'last_payment_error'));
  if (id === null || !tried) return [];
  return [read('invoice_payment.paid', invoicePayment, [[`invoice_payments:${id}`, { data: [invoicePayment] }]])];
}
