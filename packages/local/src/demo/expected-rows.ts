/**
 * What Salesforce must hold when everything has settled, told from the Stripe account's true objects alone. Written
 * apart from packages/core on purpose: a judge that used the product's own mapping could not find a fault in it.
 */
import type { Charge } from '../stripe/charge.ts';
import type { CheckoutSession } from '../stripe/checkout-session.ts';
import type { Customer } from '../stripe/customer.ts';
import type { Dispute } from '../stripe/dispute.ts';
import type { Invoice } from '../stripe/invoice.ts';
import type { InvoicePayment } from '../stripe/invoice-payment.ts';
import type { PaymentIntent } from '../stripe/payment-intent.ts';
import type { Price, Tier } from '../stripe/price.ts';
import type { Product } from '../stripe/product.ts';
import type { Subscription } from '../stripe/subscription.ts';

/** The parts of the account that the judge reads. */
export type Truth = {
  readonly customers: Iterable<Customer>;
  readonly subscriptions: readonly Subscription[];
  readonly sessions: Iterable<CheckoutSession>;
  readonly invoices: Iterable<Invoice>;
  readonly invoicePayments: Iterable<InvoicePayment>;
  readonly paymentIntents: Iterable<PaymentIntent>;
  readonly charges: Iterable<Charge>;
  readonly disputes: Iterable<Dispute>;
  readonly products: Iterable<Product>;
  readonly prices: Iterable<Price>;
  /** Every item that a subscription has or had. */
  readonly items: Iterable<readonly [item: string, subscription: string]>;
  readonly tiersOf: (priceId: string) => readonly Tier[];
  readonly isDeleted: (id: string) => boolean;
  /** Whether a routed event told of the object: nothing can be known of others. */
  readonly wasTold: (objectId: string) => boolean;
};

/** `set`: any value but null; `either`: one of several, where Stripe itself leaves the choice. */
export type Expectation =
  | string
  | number
  | boolean
  | null
  | { readonly either: readonly (string | number | null)[] }
  | 'set';

export type ExpectedRow = {
  readonly object: string;
  readonly key: string;
  readonly columns: Readonly<Record<string, Expectation>>;
};

export function expectedRows(truth: Truth): ExpectedRow[] {
  return [
    ...customerRows(truth),
    ...subscriptionRows(truth),
    ...expiredRows(truth),
    ...paymentRows(truth),
    ...planRows(truth),
    ...itemRows(truth),
  ];
}

const iso = (seconds: number): string => new Date(seconds * 1000).toISOString();

/** The judge's own list: only the currencies that the local account uses. */
const PLACES: ReadonlyMap<string, number> = new Map([
  ['jpy', 0],
  ['krw', 0],
  ['vnd', 0],
  ['kwd', 3],
  ['bhd', 3],
]);

/** Minor units, whole or decimal text, as a plain decimal without trailing zeros. */
export function major(minor: number | string, currency: string): string {
  const places = PLACES.get(currency) ?? 2;
  const [whole = '0', fraction = ''] = String(minor).split('.');
  const sign = whole.startsWith('-') ? '-' : '';
  const digits = whole.replace('-', '').padStart(places + 1, '0');
  const integer = digits.slice(0, digits.length - places);
  const decimals = (digits.slice(digits.length - places) + fraction).replace(/0+$/, '');
  return `${sign}${integer}${decimals === '' ? '' : `.${decimals}`}`;
}

function* customerRows(truth: Truth): Iterable<ExpectedRow> {
  for (const customer of truth.customers) {
    yield {
      object: 'Stripe_Customer__c',
      key: customer.id,
      columns: {
        Customer_Email__c: customer.email,
        Customer_Name__c: customer.name,
        Customer_Phone__c: customer.phone,
        Default_Payment_Method__c: customer.invoice_settings.default_payment_method,
        Deleted_In_Stripe__c: truth.isDeleted(customer.id),
      },
    };
  }
}

function* subscriptionRows(truth: Truth): Iterable<ExpectedRow> {
  const sessions = new Map<string, CheckoutSession>();
  for (const session of truth.sessions) if (session.subscription !== null) sessions.set(session.subscription, session);
  const newestInvoice = new Map<string, Invoice>();
  for (const invoice of truth.invoices) {
    const subscription = invoice.parent?.subscription_details.subscription;
    if (subscription !== undefined) newestInvoice.set(subscription, invoice);
  }
  for (const subscription of truth.subscriptions) {
    if (!truth.wasTold(subscription.id)) continue;
    yield {
      object: 'Stripe_Subscription__c',
      key: subscription.id,
      columns: {
        ...subscriptionColumns(subscription),
        ...sessionColumns(sessions.get(subscription.id)),
        ...messageColumn(newestInvoice.get(subscription.id)),
      },
    };
  }
}

/** Why the newest invoice is not paid; drafts and what was never tried say nothing. */
function messageColumn(newest: Invoice | undefined): Record<string, Expectation> {
  if (newest?.status === 'paid') return { Error_Message__c: null };
  return newest?.status === 'open' && newest.attempted ? { Error_Message__c: 'set' } : {};
}

function subscriptionColumns(subscription: Subscription): Record<string, Expectation> {
  const items = subscription.items.data;
  const renewsNext = items.reduce((first, item) => (item.current_period_end < first.current_period_end ? item : first));
  const licensed = items.filter(({ price }) => price.recurring?.usage_type === 'licensed');
  const primary = [...licensed].sort((a, b) => a.created - b.created)[0] ?? items[0];
  const nickname = primary?.price.nickname ?? null;
  return {
    Stripe_Customer__r: subscription.customer,
    Stripe_Price_ID__c: primary?.price.id ?? null,
    ...(nickname === null ? {} : { Product_Plan_Name__c: nickname }),
    Status__c: subscription.status,
    Current_Period_Start__c: iso(renewsNext.current_period_start),
    Current_Period_End__c: iso(renewsNext.current_period_end),
    Currency__c: subscription.currency.toUpperCase(),
    Cancel_At_Period_End__c: subscription.cancel_at_period_end,
    Trial_End__c: subscription.trial_end === null ? null : iso(subscription.trial_end),
    ...amountColumn(subscription),
  };
}

/** Only where every item has one price per unit; tiers and meters have no amount before they are used. */
function amountColumn(subscription: Subscription): Record<string, Expectation> {
  let cents = 0;
  for (const { price, quantity = 1 } of subscription.items.data) {
    if (price.unit_amount === null || price.recurring?.usage_type !== 'licensed') return {};
    const packages =
      price.transform_quantity === null
        ? quantity
        : Math[price.transform_quantity.round === 'up' ? 'ceil' : 'floor'](
            quantity / price.transform_quantity.divide_by,
          );
    cents += price.unit_amount * packages;
  }
  return { Amount__c: major(cents, subscription.currency) };
}

function sessionColumns(session: CheckoutSession | undefined): Record<string, Expectation> {
  if (session === undefined || session.status === 'open') return {};
  const paid = session.payment_status !== 'unpaid';
  return {
    Stripe_Checkout_Session_ID__c: session.id,
    Sync_Status__c: paid ? 'Completed' : { either: ['Pending', 'Checkout Created', 'Failed', null] },
    Checkout_URL__c: null,
    Checkout_Link__c: null,
    ...(session.client_reference_id === null ? {} : { Id: session.client_reference_id }),
  };
}

/** Names a row that has no external id yet. */
export function rowKey(id: string): string {
  return `row ${id}`;
}

export function isRowKey(key: string): boolean {
  return key.startsWith('row ');
}

/**
 * A session that expired never had a subscription: only the row that it was opened for can tell. It tells of the link that
 * was opened last, unless another one was used.
 */
function* expiredRows(truth: Truth): Iterable<ExpectedRow> {
  const ofRow = new Map<string, CheckoutSession>();
  for (const session of truth.sessions) {
    if (session.client_reference_id === null) continue;
    const before = ofRow.get(session.client_reference_id);
    if (before?.status !== 'complete') ofRow.set(session.client_reference_id, session);
  }
  for (const session of ofRow.values()) {
    if (session.status !== 'expired' || session.client_reference_id === null) continue;
    yield {
      object: 'Stripe_Subscription__c',
      key: rowKey(session.client_reference_id),
      columns: {
        Stripe_Checkout_Session_ID__c: session.id,
        Sync_Status__c: 'Failed',
        Error_Message__c: 'set',
        Checkout_URL__c: null,
        Checkout_Link__c: null,
      },
    };
  }
}

function* paymentRows(truth: Truth): Iterable<ExpectedRow> {
  const charges = groupBy(truth.charges, (charge) => charge.payment_intent);
  const disputes = groupBy(truth.disputes, (dispute) => dispute.payment_intent);
  const invoices = new Map([...truth.invoices].map((invoice) => [invoice.id, invoice]));
  const joins = groupBy(truth.invoicePayments, (join) => join.payment.payment_intent);
  for (const intent of truth.paymentIntents) {
    if (!truth.wasTold(intent.id)) continue;
    const paid = (charges.get(intent.id) ?? []).find(({ status }) => status === 'succeeded');
    const ofIntent = disputes.get(intent.id) ?? [];
    const dispute = ofIntent.findLast(({ status }) => status !== 'won' && status !== 'lost') ?? ofIntent.at(-1);
    const join = (joins.get(intent.id) ?? []).find(({ status }) => status === 'paid');
    yield {
      object: 'Payment_Transaction__c',
      key: intent.id,
      columns: {
        Amount__c: major(intent.status === 'succeeded' ? intent.amount_received : intent.amount, intent.currency),
        Currency__c: intent.currency.toUpperCase(),
        Status__c: intent.status,
        Transaction_Date__c: 'set',
        Stripe_Customer__r: intent.customer,
        ...(intent.last_payment_error === null
          ? { Failure_Code__c: null, Failure_Message__c: null }
          : { Failure_Code__c: 'set' }),
        ...(paid === undefined ? {} : chargeColumns(paid)),
        ...(dispute === undefined ? {} : { Dispute_Status__c: dispute.status, Dispute_Reason__c: dispute.reason }),
        ...(join === undefined ? {} : invoiceColumns(invoices.get(join.invoice))),
      },
    };
  }
}

function chargeColumns(charge: Charge): Record<string, Expectation> {
  const { type } = charge.payment_method_details;
  const refunded = major(charge.amount_refunded, charge.currency);
  return {
    ...(typeof type === 'string' ? { Payment_Method_Type__c: type } : {}),
    Amount_Refunded__c: charge.amount_refunded === 0 ? { either: [null, '0'] } : refunded,
  };
}

function invoiceColumns(invoice: Invoice | undefined): Record<string, Expectation> {
  if (invoice === undefined) return {};
  return {
    Stripe_Invoice_ID__c: invoice.id,
    Stripe_Subscription__r: invoice.parent?.subscription_details.subscription ?? null,
  };
}

const RECURRENCY: ReadonlyMap<string, string> = new Map([
  ['day1', 'Daily'],
  ['week1', 'Weekly'],
  ['month1', 'Monthly'],
  ['month3', 'Quarterly'],
  ['month6', 'Semiannual'],
  ['year1', 'Yearly'],
  ['month12', 'Yearly'],
]);

function* planRows(truth: Truth): Iterable<ExpectedRow> {
  const products = new Map([...truth.products].map((product) => [product.id, product]));
  for (const price of truth.prices) {
    if (!truth.wasTold(price.id)) continue;
    const product = products.get(price.product);
    const deleted = truth.isDeleted(price.id);
    const recurrency =
      price.recurring === null
        ? 'One-time'
        : RECURRENCY.get(`${price.recurring.interval}${price.recurring.interval_count}`);
    const tiers = truth.tiersOf(price.id);
    const perUnit = price.billing_scheme === 'per_unit';
    yield {
      object: 'Pricing_Plan__c',
      key: price.id,
      columns: {
        Stripe_Price_ID__c: price.id,
        Stripe_Product_ID__c: price.product,
        Currency__c: price.currency.toUpperCase(),
        Amount__c: perUnit ? major(price.unit_amount_decimal ?? price.unit_amount ?? 0, price.currency) : null,
        Active__c: price.active && !deleted && (product?.active ?? false) && !truth.isDeleted(price.product),
        ...(recurrency === undefined ? {} : { Recurrency_Type__c: recurrency }),
        Tiers_Mode__c: price.tiers_mode,
        ...(deleted ? {} : { Name: price.nickname ?? product?.name ?? 'set' }),
      },
    };
    if (!deleted) yield* tierRows(price, tiers);
  }
}

/** The plans that subscriptions have: one for each item, and for those that were taken out. */
function* itemRows(truth: Truth): Iterable<ExpectedRow> {
  const told = new Map(truth.subscriptions.filter(({ id }) => truth.wasTold(id)).map((each) => [each.id, each]));
  for (const [key, owner] of truth.items) {
    const subscription = told.get(owner);
    if (subscription === undefined) continue;
    const item = subscription.items.data.find(({ id }) => id === key);
    const ended = subscription.status === 'canceled' || subscription.status === 'incomplete_expired';
    yield {
      object: 'Pricing_Plan__c',
      key,
      columns: {
        Stripe_Subscription__r: owner,
        Active__c: item !== undefined && !ended,
        ...(item === undefined ? {} : itemColumns(item)),
      },
    };
  }
}

function itemColumns({ price, quantity }: Subscription['items']['data'][number]): Record<string, Expectation> {
  const { recurring } = price;
  const named = RECURRENCY.get(`${recurring?.interval}${recurring?.interval_count}`);
  const minor = price.unit_amount_decimal ?? price.unit_amount;
  return {
    Name: price.nickname ?? 'set',
    Stripe_Price_ID__c: price.id,
    Stripe_Product_ID__c: price.product,
    Quantity__c: quantity ?? null,
    Currency__c: price.currency.toUpperCase(),
    Amount__c: price.billing_scheme === 'per_unit' ? major(minor ?? 0, price.currency) : null,
    Tiers_Mode__c: price.tiers_mode,
    Usage_Type__c: recurring?.usage_type ?? null,
    ...(named === undefined ? {} : { Recurrency_Type__c: named }),
  };
}

function* tierRows(price: Price, tiers: readonly Tier[]): Iterable<ExpectedRow> {
  let from = 1;
  for (const [index, tier] of tiers.entries()) {
    const unit = tier.unit_amount_decimal ?? tier.unit_amount;
    const flat = tier.flat_amount_decimal ?? tier.flat_amount;
    yield {
      object: 'Pricing_Tier__c',
      key: `${price.id}:${index + 1}`,
      columns: {
        Pricing_Plan__r: price.id,
        From_Quantity__c: from,
        To_Quantity__c: tier.up_to,
        Unit_Price__c: unit === null ? null : major(unit, price.currency),
        Flat_Amount__c: flat === null ? { either: [null, '0'] } : major(flat, price.currency),
      },
    };
    from = (tier.up_to ?? 0) + 1;
  }
}

function groupBy<T>(items: Iterable<T>, key: (item: T) => string): ReadonlyMap<string, readonly T[]> {
  return Map.groupBy(items, key);
}
