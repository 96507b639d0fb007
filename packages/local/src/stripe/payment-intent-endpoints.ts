import * as v from 'valibot';
import { stepOf } from './amounts.ts';
import type { Books } from './books.ts';
import { liveCustomer } from './customer-endpoints.ts';
import { openDispute } from './dispute.ts';
import type { Call, Endpoint } from './endpoint.ts';
import { byVersion, ENDIVE, endpoint } from './endpoint.ts';
import { confirmIntent } from './invoice-collection.ts';
import { stripeOrdered } from './json.ts';
import { withoutEmpty } from './metadata.ts';
import {
  clearable,
  currency,
  flag,
  hash,
  ignored,
  list,
  metadata,
  notImitated,
  oneOf,
  text,
  whole,
} from './parameters.ts';
import type { PaymentIntent } from './payment-intent.ts';
import { cancelIntent, createIntent } from './payment-intent.ts';
import type { PaymentMethod } from './payment-method.ts';
import { noSuch, refused, StripeError } from './stripe-error.ts';
import { methodNamed } from './test-payment-methods.ts';

const INTENT_COMMON = {
  allowed_payment_method_types: v.optional(list(text())),
  confirmation_token: v.optional(notImitated()),
  error_on_requires_action: v.optional(notImitated()),
  hooks: v.optional(notImitated()),
  amount_details: v.optional(ignored()),
  excluded_payment_method_types: v.optional(ignored()),
  payment_details: v.optional(ignored()),
  radar_options: v.optional(ignored()),
  mandate: v.optional(text()),
  mandate_data: v.optional(ignored()),
  off_session: v.optional(text()),
  payment_method: v.optional(text()),
  payment_method_data: v.optional(notImitated()),
  payment_method_options: v.optional(ignored()),
  receipt_email: v.optional(clearable()),
  return_url: v.optional(text()),
  setup_future_usage: v.optional(oneOf(['off_session', 'on_session'])),
  shipping: v.optional(ignored()),
  use_stripe_sdk: v.optional(flag()),
};

export const INTENT_CREATE = {
  ...INTENT_COMMON,
  application_fee_amount: v.optional(notImitated()),
  customer_account: v.optional(notImitated()),
  on_behalf_of: v.optional(notImitated()),
  payment_method_configuration: v.optional(ignored()),
  transfer_data: v.optional(notImitated()),
  transfer_group: v.optional(text()),
  confirmation_method: v.optional(oneOf(['automatic', 'manual'])),
  amount: whole(1),
  automatic_payment_methods: v.optional(
    hash({ enabled: flag(), allow_redirects: v.optional(oneOf(['always', 'never'])) }),
  ),
  capture_method: v.optional(oneOf(['automatic', 'automatic_async', 'manual'])),
  confirm: v.optional(flag()),
  currency: currency(),
  customer: v.optional(text()),
  description: v.optional(text()),
  metadata: v.optional(metadata()),
  statement_descriptor: v.optional(text(22)),
  statement_descriptor_suffix: v.optional(text(22)),
};

export const INTENT_CONFIRM = {
  ...INTENT_COMMON,
  amount_to_confirm: v.optional(notImitated()),
  capture_method: v.optional(oneOf(['automatic', 'automatic_async', 'manual'])),
};

/** Removed at endive, as Checkout's. */
const BEFORE_ENDIVE = { payment_method_types: v.optional(list(text())) };

export const INTENT_CANCEL = {
  cancellation_reason: v.optional(oneOf(['abandoned', 'duplicate', 'fraudulent', 'requested_by_customer'])),
};

type GivenIntent = v.InferOutput<v.StrictObjectSchema<typeof INTENT_CREATE, undefined>>;
type GivenConfirmation = v.InferOutput<v.StrictObjectSchema<typeof INTENT_CONFIRM, undefined>>;

export function paymentIntentEndpoints(): readonly Endpoint[] {
  return [
    byVersion(
      ENDIVE,
      endpoint('POST', 'payment_intents', { ...INTENT_CREATE, ...BEFORE_ENDIVE }, create),
      endpoint('POST', 'payment_intents', INTENT_CREATE, create),
    ),
    byVersion(
      ENDIVE,
      endpoint('POST', 'payment_intents/:id/confirm', { ...INTENT_CONFIRM, ...BEFORE_ENDIVE }, confirmLater),
      endpoint('POST', 'payment_intents/:id/confirm', INTENT_CONFIRM, confirmLater),
    ),
    endpoint('POST', 'payment_intents/:id/cancel', INTENT_CANCEL, ({ books, id }, given) => {
      const intent = intentOf(books, id);
      if (!cancelIntent(books, intent, given.cancellation_reason ?? null)) {
        throw unexpectedState(
          intent,
          `You cannot cancel this PaymentIntent because it has a status of ${intent.status}. Only a PaymentIntent with one of the following statuses may be canceled: requires_payment_method, requires_capture, requires_confirmation, requires_action, processing.`,
        );
      }
      return intent;
    }),
  ];
}

function create({ books }: Call, given: GivenIntent): PaymentIntent {
  if (given.currency === 'usd' && given.amount < 50) {
    throw refused('Amount must be at least $0.50 usd', 'amount', 'amount_too_small');
  }
  if (given.currency === 'usd' && given.amount > 99_999_999) {
    throw refused('Amount must be no more than $999,999.99', 'amount', 'amount_too_large');
  }
  const step = stepOf(given.currency);
  if (given.amount % step !== 0) {
    throw refused(`Invalid amount: amounts of ${given.currency} must be divisible by ${step}.`, 'amount');
  }
  if (given.capture_method === 'manual') {
    throw refused('This stand-in captures at once: capture_method=manual is not imitated.', 'capture_method');
  }
  if (given.customer !== undefined) liveCustomer(books, given.customer, 'customer');
  const method = given.payment_method === undefined ? null : methodNamed(books, given.payment_method, 'payment_method');
  if (given.confirm === true && method === null) throw needsMethod();
  const intent = createIntent(books, {
    amount: given.amount,
    currency: given.currency,
    customer: given.customer ?? null,
    description: given.description ?? null,
    metadata: withoutEmpty(given.metadata),
    method: method?.id ?? null,
  });
  return given.confirm === true && method !== null ? confirm(books, intent, method) : intent;
}

function confirmLater({ books, id }: Call, given: GivenConfirmation): PaymentIntent {
  const intent = intentOf(books, id);
  if (!['requires_payment_method', 'requires_confirmation', 'requires_action'].includes(intent.status)) {
    throw unexpectedState(
      intent,
      `You cannot confirm this PaymentIntent because it has already ${intent.status === 'succeeded' ? 'succeeded after being previously confirmed' : `a status of ${intent.status}`}.`,
    );
  }
  const named = given.payment_method ?? intent.payment_method;
  if (named === null) throw needsMethod();
  return confirm(books, intent, methodNamed(books, named, 'payment_method'));
}

function intentOf(books: Books, id: string): PaymentIntent {
  const found = books.paymentIntents.get(id);
  if (found === undefined) throw noSuch('payment_intent', id, 'intent', 404);
  return found;
}

function needsMethod(): StripeError {
  return refused(
    'You cannot confirm this PaymentIntent because it is missing a payment method. You can either update the PaymentIntent with a payment method and then confirm it again, or confirm it again directly with a payment method or ConfirmationToken.',
    undefined,
    'payment_intent_unexpected_state',
  );
}

function unexpectedState(intent: PaymentIntent, message: string): StripeError {
  return new StripeError(400, message, {
    code: 'payment_intent_unexpected_state',
    more: { payment_intent: stripeOrdered(intent) },
  });
}

function confirm(books: Books, intent: PaymentIntent, method: PaymentMethod): PaymentIntent {
  if (confirmIntent(books, intent, method) === 'failed') throw declined(intent);
  const why = books.disputedBecause.get(method.id);
  const charge = books.charges.get(intent.latest_charge ?? '');
  if (why !== undefined && charge !== undefined) books.after(0, 'dispute', () => openDispute(books, charge, why));
  return intent;
}

/** 402 with what the bank said, and the PaymentIntent in the error. */
export function declined(intent: PaymentIntent): StripeError {
  const why = intent.last_payment_error ?? {};
  const code = typeof why.code === 'string' ? why.code : 'card_declined';
  const message = typeof why.message === 'string' ? why.message : 'Your card was declined.';
  return new StripeError(402, message, {
    type: 'card_error',
    code,
    more: {
      ...(typeof why.decline_code === 'string' ? { decline_code: why.decline_code } : {}),
      ...(typeof why.charge === 'string' ? { charge: why.charge } : {}),
      payment_intent: stripeOrdered(intent),
    },
  });
}
