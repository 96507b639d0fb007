import type { JsonObject } from '@payments/core/event';
import { amountOf } from './amounts.ts';
import type { Books, Metadata } from './books.ts';
import { DAY } from './calendar.ts';
import { createCustomer, updateCustomer } from './customer.ts';
import { attempt, createIntent, settleIntent } from './payment-intent.ts';
import type { Behaviour, PaymentMethod, PaymentMethodType } from './payment-method.ts';
import { createPaymentMethod, settlingTime } from './payment-method.ts';
import type { ItemFields, TrialEndBehaviour } from './subscription.ts';
import { startSubscription } from './subscription-start.ts';

export type CheckoutSession = {
  id: string;
  object: 'checkout.session';
  amount_subtotal: number;
  amount_total: number;
  cancel_url: string | null;
  client_reference_id: string | null;
  created: number;
  currency: string;
  customer: string | null;
  customer_creation: 'always' | 'if_required' | null;
  customer_details: JsonObject | null;
  customer_email: string | null;
  expires_at: number;
  invoice: string | null;
  livemode: boolean;
  metadata: Metadata;
  mode: 'subscription' | 'payment';
  payment_intent: string | null;
  payment_method_collection: 'always' | 'if_required';
  payment_method_types: string[];
  payment_status: 'paid' | 'unpaid' | 'no_payment_required';
  status: 'open' | 'complete' | 'expired';
  subscription: string | null;
  success_url: string | null;
  url: string | null;
  allow_promotion_codes: boolean | null;
} & typeof EMPTY;

const EMPTY = {
  adaptive_pricing: { enabled: false },
  after_expiration: null,
  automatic_tax: { enabled: false, liability: null, provider: null, status: null },
  billing_address_collection: null,
  client_secret: null,
  collected_information: null,
  consent: null,
  consent_collection: null,
  currency_conversion: null,
  custom_fields: [],
  custom_text: { after_submit: null, shipping_address: null, submit: null, terms_of_service_acceptance: null },
  customer_account: null,
  discounts: [],
  integration_identifier: null,
  invoice_creation: null,
  locale: null,
  origin_context: null,
  payment_link: null,
  payment_method_configuration_details: null,
  payment_method_options: {},
  permissions: null,
  phone_number_collection: { enabled: false },
  recovered_from: null,
  saved_payment_method_options: null,
  setup_intent: null,
  shipping_address_collection: null,
  shipping_cost: null,
  shipping_options: [],
  submit_type: null,
  total_details: { amount_discount: 0, amount_shipping: 0, amount_tax: 0 },
  ui_mode: 'hosted_page',
  wallet_options: null,
} as const satisfies JsonObject;

export type SessionFields = {
  readonly mode: 'subscription' | 'payment';
  readonly items: readonly ItemFields[];
  readonly customer?: string | null;
  readonly customerEmail?: string | null;
  readonly clientReferenceId?: string | null;
  readonly metadata?: Metadata;
  readonly subscriptionMetadata?: Metadata;
  readonly paymentMetadata?: Metadata;
  readonly trialDays?: number;
  readonly missingPaymentMethod?: TrialEndBehaviour;
  readonly methodCollection?: 'always' | 'if_required';
  readonly successUrl?: string | null;
  readonly cancelUrl?: string | null;
  readonly expiresAt?: number;
  readonly methodTypes?: readonly string[];
  readonly allowPromotionCodes?: boolean;
};

/** What was asked for and isn't shown in the session: line items and the subscription's own data. */
export type SessionOrder = SessionFields;

/** Opens a session; Stripe has no event for that. It expires by itself. */
export function openSession(books: Books, fields: SessionFields): CheckoutSession {
  const id = books.ids.long(books.livemode ? 'cs_live_a1' : 'cs_test_a1', 58);
  const trial = (fields.trialDays ?? 0) > 0;
  const total = fields.items.reduce((sum, item) => {
    const metered = item.price.recurring?.usage_type === 'metered';
    return sum + (metered ? 0 : amountOf(item.price, books.tiers.get(item.price.id) ?? [], item.quantity ?? 1));
  }, 0);
  const session: CheckoutSession = {
    ...EMPTY,
    id,
    object: 'checkout.session',
    allow_promotion_codes: fields.allowPromotionCodes ?? null,
    amount_subtotal: trial ? 0 : total,
    amount_total: trial ? 0 : total,
    cancel_url: fields.cancelUrl ?? null,
    client_reference_id: fields.clientReferenceId ?? null,
    created: books.now(),
    currency: fields.items[0]?.price.currency ?? 'usd',
    customer: fields.customer ?? null,
    customer_creation: fields.mode === 'payment' && fields.customer == null ? 'if_required' : null,
    customer_details: null,
    customer_email: fields.customerEmail ?? null,
    expires_at: fields.expiresAt ?? books.now() + DAY,
    invoice: null,
    livemode: books.livemode,
    metadata: fields.metadata ?? {},
    mode: fields.mode,
    payment_intent: null,
    payment_method_collection: fields.methodCollection ?? 'always',
    payment_method_types: [...(fields.methodTypes ?? ['card', 'us_bank_account'])],
    payment_status: 'unpaid',
    status: 'open',
    subscription: null,
    success_url: fields.successUrl ?? 'https://app.example/welcome?session_id={CHECKOUT_SESSION_ID}',
    // Checkout's own links run to 350 to 900 characters.
    url: `https://checkout.stripe.example/c/pay/${id}#${books.ids.long('', 380)}`,
  };
  books.sessions.add(session);
  books.orders.set(id, fields);
  books.after(session.expires_at - books.now(), 'session expires', () => expireSession(books, session));
  return session;
}

/** Whether it was still open. */
export function expireSession(books: Books, session: CheckoutSession): boolean {
  if (session.status !== 'open') return false;
  books.change(
    session,
    (it) => {
      it.status = 'expired';
      it.url = null;
    },
    'checkout.session.expired',
  );
  return true;
}

export type Payer = {
  readonly type: PaymentMethodType;
  readonly behaviour: Behaviour;
  readonly email: string;
  readonly name: string;
  /** A payment method that exists already, as the API's test methods do; else one is made. */
  readonly method?: PaymentMethod;
};

/**
 * The customer fills the form. A method that declines leaves the session open, as Checkout does: false. With a debit
 * the session completes unpaid and its async event follows some days later.
 */
export function completeSession(books: Books, session: CheckoutSession, payer: Payer | null): boolean {
  const order = books.orders.get(session.id);
  if (session.status !== 'open' || order === undefined || payer?.behaviour === 'declines') return false;
  const guest = session.customer === null && session.mode === 'payment';
  const customer = guest ? null : (session.customer ?? newCustomer(books, payer));
  const method =
    payer === null
      ? null
      : (payer.method ?? createPaymentMethod(books, { type: payer.type, behaviour: payer.behaviour, customer }));
  const result =
    session.mode === 'subscription' && customer !== null
      ? subscribe(books, session, order, customer, method?.id ?? null)
      : pay(books, session, order, customer, method?.id ?? null);
  books.tick();
  books.change(
    session,
    (it) => {
      Object.assign(it, result);
      it.status = 'complete';
      it.url = null;
      it.customer = customer;
      it.customer_details = {
        address: null,
        business_name: null,
        email: payer?.email ?? it.customer_email,
        individual_name: null,
        name: payer?.name ?? null,
        phone: null,
        tax_exempt: 'none',
        tax_ids: [],
      };
    },
    'checkout.session.completed',
  );
  return true;
}

function newCustomer(books: Books, payer: Payer | null): string {
  return createCustomer(books, payer === null ? {} : { email: payer.email, name: payer.name }).id;
}

type Result = Partial<Pick<CheckoutSession, 'subscription' | 'invoice' | 'payment_intent' | 'payment_status'>>;

function subscribe(
  books: Books,
  session: CheckoutSession,
  order: SessionOrder,
  customer: string,
  method: string | null,
): Result {
  const account = books.customers.get(customer);
  if (account !== undefined && method !== null && account.invoice_settings.default_payment_method === null) {
    updateCustomer(books, account, { defaultPaymentMethod: method });
  }
  const { subscription, invoice, outcome } = startSubscription(
    books,
    {
      customer,
      items: order.items,
      metadata: order.subscriptionMetadata ?? {},
      defaultPaymentMethod: method,
      trialEnd: (order.trialDays ?? 0) > 0 ? books.now() + (order.trialDays ?? 0) * DAY : null,
      missingPaymentMethod: order.missingPaymentMethod ?? 'create_invoice',
    },
    books.random.chance(0.5) ? 'incomplete' : 'settled',
  );
  if (outcome === 'processing') books.sessionOfInvoice.set(invoice.id, (paid) => settleSession(books, session, paid));
  return {
    subscription: subscription.id,
    invoice: invoice.id,
    payment_status: invoice.amount_due === 0 ? 'no_payment_required' : outcome === 'succeeded' ? 'paid' : 'unpaid',
  };
}

function pay(
  books: Books,
  session: CheckoutSession,
  order: SessionOrder,
  customer: string | null,
  method: string | null,
): Result {
  const intent = createIntent(books, {
    amount: session.amount_total,
    currency: session.currency,
    customer,
    metadata: order.paymentMetadata ?? {},
  });
  const used = books.paymentMethods.get(method ?? '');
  const outcome = used === undefined ? 'failed' : attempt(books, intent, used);
  if (outcome === 'processing') {
    const arrives = books.behaviours.get(method ?? '') !== 'fails-later';
    books.after(settlingTime(books, method ?? ''), arrives ? 'debit arrives' : 'debit returned', () => {
      settleIntent(books, intent, arrives);
      settleSession(books, session, arrives);
    });
  }
  return { payment_intent: intent.id, payment_status: outcome === 'succeeded' ? 'paid' : 'unpaid' };
}

function settleSession(books: Books, session: CheckoutSession, paid: boolean): void {
  if (!paid) {
    books.emit('checkout.session.async_payment_failed', session);
    return;
  }
  books.change(
    session,
    (it) => {
      it.payment_status = 'paid';
    },
    'checkout.session.async_payment_succeeded',
  );
}
