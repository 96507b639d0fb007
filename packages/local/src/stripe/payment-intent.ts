import type { JsonObject } from '@payments/core/event';
import type { Books, Metadata } from './books.ts';
import type { Decline } from './charge.ts';
import { createCharge, settleCharge } from './charge.ts';
import type { PaymentMethod, PaymentMethodType } from './payment-method.ts';

export type IntentStatus =
  | 'requires_payment_method'
  | 'requires_confirmation'
  | 'requires_action'
  | 'processing'
  | 'canceled'
  | 'succeeded';

export type PaymentIntent = {
  id: string;
  object: 'payment_intent';
  amount: number;
  amount_capturable: number;
  amount_details: JsonObject;
  amount_received: number;
  application: null;
  application_fee_amount: null;
  automatic_payment_methods: null;
  canceled_at: number | null;
  cancellation_reason: string | null;
  capture_method: 'automatic';
  client_secret: string;
  confirmation_method: 'automatic';
  created: number;
  currency: string;
  customer: string | null;
  customer_account: null;
  description: string | null;
  excluded_payment_method_types: null;
  last_payment_error: JsonObject | null;
  latest_charge: string | null;
  livemode: boolean;
  metadata: Metadata;
  next_action: JsonObject | null;
  on_behalf_of: null;
  payment_details: { customer_reference: null; order_reference: string | null };
  payment_method: string | null;
  payment_method_configuration_details: null;
  payment_method_options: JsonObject;
  payment_method_types: string[];
  processing: null;
  receipt_email: null;
  review: null;
  setup_future_usage: 'off_session' | null;
  shipping: null;
  source: null;
  statement_descriptor: null;
  statement_descriptor_suffix: null;
  status: IntentStatus;
  transfer_data: null;
  transfer_group: null;
};

export type IntentFields = {
  readonly amount: number;
  readonly currency: string;
  readonly customer: string | null;
  readonly description?: string | null;
  readonly metadata?: Metadata;
  readonly methodTypes?: readonly PaymentMethodType[];
  /** The invoice it pays, shown as `payment_details.order_reference`. */
  readonly order?: string | null;
  /** Waits for a confirmation with it. */
  readonly method?: string | null;
};

export type Outcome = 'succeeded' | 'failed' | 'requires_action' | 'processing';

/** What a bank says, each with Stripe's code. */
const DECLINES: readonly Decline[] = [
  { code: 'card_declined', declineCode: 'insufficient_funds', message: 'Your card has insufficient funds.' },
  { code: 'card_declined', declineCode: 'generic_decline', message: 'Your card was declined.' },
  { code: 'expired_card', declineCode: 'expired_card', message: 'Your card has expired.' },
];
const DEBIT_RETURNED: Decline = {
  code: 'payment_intent_payment_attempt_failed',
  declineCode: null,
  message: 'The debit was returned by the bank.',
};

export function createIntent(books: Books, fields: IntentFields): PaymentIntent {
  const id = books.ids.timed('pi', books.now(), 3);
  const intent: PaymentIntent = {
    id,
    object: 'payment_intent',
    amount: fields.amount,
    amount_capturable: 0,
    amount_details: { tip: {} },
    amount_received: 0,
    application: null,
    application_fee_amount: null,
    automatic_payment_methods: null,
    canceled_at: null,
    cancellation_reason: null,
    capture_method: 'automatic',
    client_secret: `${id}_secret_${books.ids.long('', 25)}`,
    confirmation_method: 'automatic',
    created: books.now(),
    currency: fields.currency,
    customer: fields.customer,
    customer_account: null,
    description: fields.description ?? null,
    excluded_payment_method_types: null,
    last_payment_error: null,
    latest_charge: null,
    livemode: books.livemode,
    metadata: fields.metadata ?? {},
    next_action: null,
    on_behalf_of: null,
    payment_details: { customer_reference: null, order_reference: fields.order ?? null },
    payment_method: fields.method ?? null,
    payment_method_configuration_details: null,
    payment_method_options: {},
    payment_method_types: [...(fields.methodTypes ?? ['card', 'us_bank_account'])],
    processing: null,
    receipt_email: null,
    review: null,
    setup_future_usage: fields.order == null ? null : 'off_session',
    shipping: null,
    source: null,
    statement_descriptor: null,
    statement_descriptor_suffix: null,
    status: fields.method == null ? 'requires_payment_method' : 'requires_confirmation',
    transfer_data: null,
    transfer_group: null,
  };
  books.paymentIntents.add(intent);
  books.emit('payment_intent.created', intent);
  return intent;
}

/** One attempt with a payment method; how it ends is the method's behaviour. */
export function attempt(books: Books, intent: PaymentIntent, method: PaymentMethod): Outcome {
  const behaviour = books.behaviours.get(method.id) ?? 'pays';
  if (behaviour === 'pays') return succeed(books, intent, method);
  if (behaviour === 'declines') return decline(books, intent, method, books.random.pick(DECLINES));
  if (behaviour === 'asks') return ask(books, intent, method);
  createCharge(books, intent, method, 'pending');
  books.change(
    intent,
    (it) => {
      it.status = 'processing';
      it.payment_method = method.id;
      it.last_payment_error = null;
    },
    'payment_intent.processing',
  );
  return 'processing';
}

/** The customer confirmed, or failed to. Only from `requires_action`. */
export function finishAction(books: Books, intent: PaymentIntent, confirmed: boolean): Outcome {
  const method = books.paymentMethods.get(intent.payment_method ?? '');
  if (intent.status !== 'requires_action' || method === undefined) return 'failed';
  if (confirmed) return succeed(books, intent, method);
  return decline(books, intent, method, {
    code: 'payment_intent_authentication_failure',
    declineCode: null,
    message: 'The customer could not be authenticated.',
  });
}

/** A pending debit arrives or comes back. Only from `processing`. */
export function settleIntent(books: Books, intent: PaymentIntent, arrived: boolean): Outcome {
  const charge = books.charges.get(intent.latest_charge ?? '');
  const method = books.paymentMethods.get(intent.payment_method ?? '');
  if (intent.status !== 'processing' || charge === undefined || method === undefined) return 'failed';
  settleCharge(books, charge, arrived ? null : DEBIT_RETURNED);
  books.tick();
  if (arrived) return markSucceeded(books, intent, method);
  return markFailed(books, intent, method, DEBIT_RETURNED);
}

/** Refused once money moves or has moved, as Stripe refuses it. */
export function cancelIntent(books: Books, intent: PaymentIntent, reason: string | null): boolean {
  if (intent.status === 'succeeded' || intent.status === 'canceled' || intent.status === 'processing') return false;
  books.change(
    intent,
    (it) => {
      it.status = 'canceled';
      it.canceled_at = books.now();
      it.cancellation_reason = reason;
      it.next_action = null;
    },
    'payment_intent.canceled',
  );
  return true;
}

function succeed(books: Books, intent: PaymentIntent, method: PaymentMethod): Outcome {
  createCharge(books, intent, method, 'succeeded');
  return markSucceeded(books, intent, method);
}

function markSucceeded(books: Books, intent: PaymentIntent, method: PaymentMethod): Outcome {
  books.change(
    intent,
    (it) => {
      it.status = 'succeeded';
      it.amount_received = it.amount;
      it.payment_method = method.id;
      it.next_action = null;
      it.last_payment_error = null;
    },
    'payment_intent.succeeded',
  );
  return 'succeeded';
}

function decline(books: Books, intent: PaymentIntent, method: PaymentMethod, why: Decline): Outcome {
  createCharge(books, intent, method, why);
  return markFailed(books, intent, method, why);
}

/** The status after a failure is `requires_payment_method`: Stripe has no "failed". */
function markFailed(books: Books, intent: PaymentIntent, method: PaymentMethod, why: Decline): Outcome {
  books.change(
    intent,
    (it) => {
      it.status = 'requires_payment_method';
      it.payment_method = null;
      it.next_action = null;
      it.last_payment_error = {
        ...(why.declineCode === null ? {} : { decline_code: why.declineCode, advice_code: 'try_again_later' }),
        charge: it.latest_charge,
        code: why.code,
        doc_url: `https://stripe.com/docs/error-codes/${why.code.replaceAll('_', '-')}`,
        message: why.message,
        payment_method: method,
        type: method.type === 'card' ? 'card_error' : 'invalid_request_error',
      };
    },
    'payment_intent.payment_failed',
  );
  return 'failed';
}

function ask(books: Books, intent: PaymentIntent, method: PaymentMethod): Outcome {
  books.change(
    intent,
    (it) => {
      it.status = 'requires_action';
      it.payment_method = method.id;
      it.last_payment_error = null;
      it.next_action = {
        redirect_to_url: { return_url: 'https://app.example/return', url: 'https://hooks.stripe.example/3d_secure_2' },
        type: 'redirect_to_url',
      };
    },
    'payment_intent.requires_action',
  );
  return 'requires_action';
}
