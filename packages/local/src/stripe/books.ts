import type { JsonObject, StripeEvent } from '@payments/core/event';
import type { Agenda } from './agenda.ts';
import { openAgenda } from './agenda.ts';
import type { Charge } from './charge.ts';
import type { CheckoutSession, SessionOrder } from './checkout-session.ts';
import type { Customer } from './customer.ts';
import type { Dispute } from './dispute.ts';
import { DEFAULT_GUESSES, type StripeGuesses } from './guesses.ts';
import type { Ids } from './ids.ts';
import { idsFor } from './ids.ts';
import type { Invoice, InvoiceLine } from './invoice.ts';
import type { InvoicePayment } from './invoice-payment.ts';
import { ItemOwners } from './item-owners.ts';
import { previousAttributes, same, stripeOrdered } from './json.ts';
import type { PastOptions } from './past.ts';
import type { PaymentIntent } from './payment-intent.ts';
import type { Behaviour, PaymentMethod } from './payment-method.ts';
import type { Price, Tier } from './price.ts';
import type { Product } from './product.ts';
import type { Random } from './random.ts';
import { randomFrom } from './random.ts';
import type { Refund } from './refund.ts';
import { Shelf } from './shelf.ts';
import type { Subscription } from './subscription.ts';
import type { SigningSecret, WebhookEndpoint } from './webhook-endpoint.ts';

/** The version whose shapes the account's own objects have; the pin of npm `stripe@23.1.0`. */
export const API_VERSION = '2026-10-28.endive';

/** An event as Stripe delivers it. `request.idempotency_key` echoes the key of the call that caused it. */
export type AccountEvent = StripeEvent & {
  readonly pending_webhooks: number;
  readonly request: { readonly id: string | null; readonly idempotency_key: string | null };
};

export type Metadata = { [key: string]: string };

export type AccountOptions = {
  readonly seed: number;
  /** Where the simulated clock begins: epoch seconds. */
  readonly start?: number;
  readonly livemode?: boolean;
  /** How often one change makes two Event objects, as Stripe says it sometimes does. 0 to 1. */
  readonly twinRate?: number;
  /** What becomes of a subscription when the last retry of its invoice fails; the Dashboard's setting. */
  readonly afterLastRetry?: 'unpaid' | 'cancel' | 'past_due';
  /** Seconds until search finds a new customer; Stripe's takes up to 60. 0 by default. */
  readonly searchLag?: number;
  readonly guesses?: Partial<StripeGuesses>;
  /** Customers that it has had for long, in any number; none by default. */
  readonly past?: PastOptions;
};

/** The account's memory: every object's true state, the clock, and the log of events. */
export type Books = {
  readonly livemode: boolean;
  readonly guesses: StripeGuesses;
  readonly random: Random;
  readonly ids: Ids;
  readonly agenda: Agenda;
  readonly settings: {
    afterLastRetry: 'unpaid' | 'cancel' | 'past_due';
    /** How many seconds a new customer stays unseen by search. */
    searchLag: number;
  };
  /** The Salesforce row that a Checkout session is opened for, as Apex does; null: opened elsewhere. */
  pendingRow: () => string | null;

  readonly customers: Shelf<Customer>;
  readonly products: Shelf<Product>;
  readonly prices: Shelf<Price>;
  /** By price id. `tiers` is no part of a price's event: Stripe only shows it when it is expanded. */
  readonly tiers: Map<string, readonly Tier[]>;
  readonly paymentMethods: Shelf<PaymentMethod>;
  readonly behaviours: Map<string, Behaviour>;
  /** By payment method id: seconds until its debit settles, where that isn't the usual four days. */
  readonly settlesAfter: Map<string, number>;
  /** By payment method id: why each of its payments is disputed. */
  readonly disputedBecause: Map<string, string>;
  /** By invoice id: the payment method that a `pay` call named. */
  readonly methodOfInvoice: Map<string, string>;
  /** By invoice id: an update of its subscription that waits for its payment. */
  readonly onceInvoicePaid: Map<string, () => void>;
  /** By customer id: invoice items that wait for an invoice. */
  readonly pendingItems: Map<string, InvoiceLine[]>;
  readonly webhookEndpoints: Map<string, WebhookEndpoint>;
  /** By webhook endpoint id: its signing secrets, newest first. */
  readonly signingSecrets: Map<string, SigningSecret[]>;
  /** By event id: how many receivers still owe a 2xx; `pending_webhooks`. None for an event that nobody was subscribed to. */
  readonly awaited: Map<string, number>;
  readonly sessions: Shelf<CheckoutSession>;
  readonly subscriptions: Shelf<Subscription>;
  /** By item id: the subscription that it belongs to, or belonged to. */
  readonly subscriptionOfItem: ItemOwners;
  readonly invoices: Shelf<Invoice>;
  readonly invoicePayments: Shelf<InvoicePayment>;
  readonly paymentIntents: Shelf<PaymentIntent>;
  readonly charges: Shelf<Charge>;
  readonly refunds: Shelf<Refund>;
  readonly disputes: Shelf<Dispute>;
  /** Ids of deleted customers, products and prices; their last state stays in the maps. */
  readonly deleted: Set<string>;
  /** By subscription id: prorations that wait for its next invoice. */
  readonly pendingLines: Map<string, InvoiceLine[]>;
  /** By invoice id: what a Checkout session that waits for a debit does with the outcome. */
  readonly sessionOfInvoice: Map<string, (paid: boolean) => void>;
  /** By session id: what was asked for. */
  readonly orders: Map<string, SessionOrder>;
  readonly nextInvoiceNumber: Map<string, number>;

  readonly events: AccountEvent[];
  /** Where an event stands in `events`, by its id. */
  readonly eventPlaces: Map<string, number>;
  readonly listeners: Set<(event: AccountEvent) => void>;

  /** The simulated time in epoch seconds. */
  now(): number;
  /** Moves the clock to a later second; an earlier one leaves it. */
  moveTo(seconds: number): void;
  /** Lets nought or one second pass, so that a group of events straddles seconds as Stripe's do. */
  tick(): void;
  after(seconds: number, what: string, run: () => void): void;
  /** Everything emitted while `run` works names this API call as its cause. */
  during<T>(request: { id: string; idempotencyKey: string | null }, run: () => T): T;
  emit(type: string, object: JsonObject, previous?: JsonObject): void;
  /** Changes an object and says so: types that end in `.updated`, and charge.refunded, carry what it was before. */
  change<T extends JsonObject>(object: T, mutate: (object: T) => void, ...types: readonly string[]): void;
};

/** 1 October 2026, 09:00 UTC. */
const DEFAULT_START = 1_790_845_200;

export function openBooks(options: AccountOptions): Books {
  const random = randomFrom(options.seed);
  // Twins must not change the lives that a seed gives.
  const twins = randomFrom(options.seed ^ 0x5eed);
  const ids = idsFor(randomFrom(options.seed ^ 0x1d5));
  const livemode = options.livemode ?? false;
  const events: AccountEvent[] = [];
  const eventPlaces = new Map<string, number>();
  const listeners = new Set<(event: AccountEvent) => void>();
  const agenda = openAgenda();
  let clock = options.start ?? DEFAULT_START;
  let cause: AccountEvent['request'] = { id: null, idempotency_key: null };

  const publish = (event: AccountEvent): void => {
    eventPlaces.set(event.id, events.length);
    events.push(event);
    for (const listener of listeners) listener(event);
  };

  const books: Books = {
    livemode,
    guesses: { ...DEFAULT_GUESSES, ...options.guesses },
    random,
    ids,
    agenda,
    settings: { afterLastRetry: options.afterLastRetry ?? 'unpaid', searchLag: options.searchLag ?? 0 },
    pendingRow: () => null,
    customers: new Shelf(),
    products: new Shelf(),
    prices: new Shelf({ product: ({ product }) => product }),
    tiers: new Map(),
    paymentMethods: new Shelf(),
    behaviours: new Map(),
    settlesAfter: new Map(),
    disputedBecause: new Map(),
    methodOfInvoice: new Map(),
    onceInvoicePaid: new Map(),
    pendingItems: new Map(),
    webhookEndpoints: new Map(),
    signingSecrets: new Map(),
    awaited: new Map(),
    sessions: new Shelf(),
    subscriptions: new Shelf({ customer: ({ customer }) => customer }),
    subscriptionOfItem: new ItemOwners(),
    invoices: new Shelf({
      customer: ({ customer }) => customer,
      subscription: ({ parent }) => parent?.subscription_details.subscription ?? null,
    }),
    invoicePayments: new Shelf({
      invoice: ({ invoice }) => invoice,
      'payment[payment_intent]': ({ payment }) => payment.payment_intent,
    }),
    paymentIntents: new Shelf({ customer: ({ customer }) => customer }),
    charges: new Shelf({
      customer: ({ customer }) => customer,
      payment_intent: ({ payment_intent: intent }) => intent,
    }),
    refunds: new Shelf({ charge: ({ charge }) => charge, payment_intent: ({ payment_intent: intent }) => intent }),
    disputes: new Shelf({ charge: ({ charge }) => charge, payment_intent: ({ payment_intent: intent }) => intent }),
    deleted: new Set(),
    pendingLines: new Map(),
    sessionOfInvoice: new Map(),
    orders: new Map(),
    nextInvoiceNumber: new Map(),
    events,
    eventPlaces,
    listeners,
    now: () => clock,
    moveTo: (seconds) => {
      clock = Math.max(clock, seconds);
    },
    tick: () => {
      if (random.chance(0.4)) clock += 1;
    },
    after: (seconds, what, run) => agenda.add({ at: clock + seconds, what, run }),
    during: (request, run) => {
      const outer = cause;
      cause = { id: request.id, idempotency_key: request.idempotencyKey };
      try {
        return run();
      } finally {
        cause = outer;
      }
    },
    emit: (type, object, previous) => {
      const event = (): AccountEvent => ({
        id: ids.event(clock, paymentMadeAt(books, object)),
        object: 'event',
        api_version: API_VERSION,
        created: clock,
        data: {
          object: stripeOrdered(object),
          ...(previous === undefined ? {} : { previous_attributes: stripeOrdered(previous) }),
        },
        livemode,
        pending_webhooks: 1,
        request: cause,
        type,
      });
      publish(event());
      if (twins.chance(options.twinRate ?? 0)) publish(event());
    },
    change: (object, mutate, ...types) => {
      const before = stripeOrdered(object);
      mutate(object);
      const after = stripeOrdered(object);
      if (same(before, after)) return;
      const previous = previousAttributes(before, after);
      for (const type of types) books.emit(type, object, carriesPrevious(type) ? previous : undefined);
    },
  };
  return books;
}

function carriesPrevious(type: string): boolean {
  return type.endsWith('.updated') || type === 'charge.refunded';
}

/** Events of payments, charges and refunds have ids that tell when the payment was made, not the event. */
function paymentMadeAt(books: Books, object: JsonObject): number | null {
  const intent = object.object === 'payment_intent' ? object.id : object.payment_intent;
  return typeof intent === 'string' ? (books.paymentIntents.get(intent)?.created ?? null) : null;
}
