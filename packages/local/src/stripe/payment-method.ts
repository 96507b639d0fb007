import type { JsonObject } from '@payments/core/event';
import type { Books, Metadata } from './books.ts';
import { DAY } from './calendar.ts';

export type PaymentMethodType = 'card' | 'us_bank_account' | 'sepa_debit';

/**
 * What happens when it is charged: paid at once; refused; the customer must confirm first; or, for debits, pending
 * for days and then settled or returned.
 */
export type Behaviour = 'pays' | 'declines' | 'asks' | 'settles-later' | 'fails-later';

export type PaymentMethod = {
  id: string;
  object: 'payment_method';
  allow_redisplay: 'unspecified';
  billing_details: JsonObject;
  created: number;
  customer: string | null;
  customer_account: null;
  livemode: boolean;
  metadata: Metadata;
  type: PaymentMethodType;
  card?: JsonObject;
  us_bank_account?: JsonObject;
  sepa_debit?: JsonObject;
};

export const NO_ADDRESS = {
  city: null,
  country: null,
  line1: null,
  line2: null,
  postal_code: null,
  state: null,
} as const satisfies JsonObject;

export function createPaymentMethod(
  books: Books,
  fields: { readonly type: PaymentMethodType; readonly behaviour: Behaviour; readonly customer: string | null },
): PaymentMethod {
  const method: PaymentMethod = {
    id: books.ids.timed('pm', books.now()),
    object: 'payment_method',
    allow_redisplay: 'unspecified',
    billing_details: { address: NO_ADDRESS, email: null, name: null, phone: null, tax_id: null },
    created: books.now(),
    customer: fields.customer,
    customer_account: null,
    livemode: books.livemode,
    metadata: {},
    type: fields.type,
    ...detailsOf(books, fields.type),
  };
  books.paymentMethods.add(method);
  books.behaviours.set(method.id, fields.behaviour);
  if (fields.customer !== null) books.emit('payment_method.attached', method);
  return method;
}

/** A debit takes some days; Stripe's test accounts are quicker. Seconds. */
export function settlingTime(books: Books, method: string): number {
  return books.settlesAfter.get(method) ?? 4 * DAY;
}

/** Emits payment_method.attached. */
export function attachMethod(books: Books, method: PaymentMethod, customer: string): void {
  if (method.customer === customer) return;
  method.customer = customer;
  books.emit('payment_method.attached', method);
}

/** The next charge will go this way: how a declining card recovers, or a good one expires. */
export function setBehaviour(books: Books, method: string, behaviour: Behaviour): void {
  books.behaviours.set(method, behaviour);
}

function detailsOf(
  books: Books,
  type: PaymentMethodType,
): { card: JsonObject } | { us_bank_account: JsonObject } | { sepa_debit: JsonObject } {
  const fingerprint = books.ids.long('', 16);
  const last4 = books.random.text(4, '0123456789');
  if (type === 'card') {
    return {
      card: {
        brand: books.random.pick(['visa', 'mastercard', 'amex']),
        checks: { address_line1_check: null, address_postal_code_check: null, cvc_check: 'pass' },
        country: 'US',
        exp_month: books.random.between(1, 12),
        exp_year: 2030,
        fingerprint,
        funding: 'credit',
        generated_from: null,
        last4,
        networks: { available: ['visa'], preferred: null },
        three_d_secure_usage: { supported: true },
        wallet: null,
      },
    };
  }
  if (type === 'sepa_debit') return { sepa_debit: { bank_code: '37040044', country: 'DE', fingerprint, last4 } };
  return {
    us_bank_account: {
      account_holder_type: 'company',
      account_type: 'checking',
      bank_name: 'STRIPE TEST BANK',
      fingerprint,
      last4,
      routing_number: '110000000',
    },
  };
}
