import type { JsonObject } from '@payments/core/event';
import type { Books, Metadata } from './books.ts';
import type { PaymentIntent } from './payment-intent.ts';
import type { PaymentMethod } from './payment-method.ts';
import { NO_ADDRESS } from './payment-method.ts';

export type Charge = {
  id: string;
  object: 'charge';
  amount: number;
  amount_captured: number;
  amount_refunded: number;
  application: null;
  application_fee: null;
  application_fee_amount: null;
  balance_transaction: string | null;
  billing_details: JsonObject;
  calculated_statement_descriptor: string;
  captured: boolean;
  created: number;
  currency: string;
  customer: string | null;
  description: string | null;
  destination: null;
  dispute: null;
  disputed: boolean;
  failure_balance_transaction: null;
  failure_code: string | null;
  failure_message: string | null;
  fraud_details: JsonObject;
  livemode: boolean;
  metadata: Metadata;
  on_behalf_of: null;
  order: null;
  outcome: JsonObject | null;
  paid: boolean;
  payment_intent: string;
  payment_method: string;
  payment_method_details: JsonObject;
  radar_options: JsonObject;
  receipt_email: null;
  receipt_number: null;
  receipt_url: string | null;
  refunded: boolean;
  review: null;
  shipping: null;
  source: null;
  source_transfer: null;
  statement_descriptor: null;
  statement_descriptor_suffix: null;
  status: 'succeeded' | 'pending' | 'failed';
  transfer_data: null;
  transfer_group: null;
};

export type Decline = { readonly code: string; readonly declineCode: string | null; readonly message: string };

/** Makes the charge of one attempt and tells of it: charge.succeeded, charge.pending or charge.failed. */
export function createCharge(
  books: Books,
  intent: PaymentIntent,
  method: PaymentMethod,
  result: 'succeeded' | 'pending' | Decline,
): Charge {
  const decline = typeof result === 'string' ? null : result;
  const status = typeof result === 'string' ? result : 'failed';
  const id = books.ids.timed('ch', intent.created, 3);
  const charge: Charge = {
    id,
    object: 'charge',
    amount: intent.amount,
    amount_captured: status === 'failed' ? 0 : intent.amount,
    amount_refunded: 0,
    application: null,
    application_fee: null,
    application_fee_amount: null,
    balance_transaction: status === 'succeeded' ? books.ids.timed('txn', intent.created, 3) : null,
    billing_details: { address: NO_ADDRESS, email: null, name: null, phone: null, tax_id: null },
    calculated_statement_descriptor: 'EXAMPLE.COM',
    captured: status !== 'failed',
    created: books.now(),
    currency: intent.currency,
    customer: intent.customer,
    description: intent.description,
    destination: null,
    dispute: null,
    disputed: false,
    failure_balance_transaction: null,
    failure_code: decline?.code ?? null,
    failure_message: decline?.message ?? null,
    fraud_details: {},
    livemode: books.livemode,
    metadata: { ...intent.metadata },
    on_behalf_of: null,
    order: null,
    outcome: outcomeOf(decline),
    paid: status === 'succeeded',
    payment_intent: intent.id,
    payment_method: method.id,
    payment_method_details: detailsOf(method),
    radar_options: {},
    receipt_email: null,
    receipt_number: null,
    receipt_url: status === 'succeeded' ? receiptUrl(books) : null,
    refunded: false,
    review: null,
    shipping: null,
    source: null,
    source_transfer: null,
    statement_descriptor: null,
    statement_descriptor_suffix: null,
    status,
    transfer_data: null,
    transfer_group: null,
  };
  books.charges.add(charge);
  intent.latest_charge = id;
  books.emit(`charge.${status}`, charge);
  return charge;
}

/** A pending debit arrived, or came back. */
export function settleCharge(books: Books, charge: Charge, decline: Decline | null): void {
  books.change(
    charge,
    (it) => {
      it.status = decline === null ? 'succeeded' : 'failed';
      it.paid = decline === null;
      it.failure_code = decline?.code ?? null;
      it.failure_message = decline?.message ?? null;
      it.balance_transaction = decline === null ? books.ids.timed('txn', charge.created, 3) : null;
      it.receipt_url = decline === null ? receiptUrl(books) : null;
    },
    decline === null ? 'charge.succeeded' : 'charge.failed',
  );
}

function receiptUrl(books: Books): string {
  return `https://pay.stripe.example/receipts/${books.ids.long('', 40)}`;
}

function outcomeOf(decline: Decline | null): JsonObject {
  return {
    advice_code: decline === null ? null : 'try_again_later',
    network_advice_code: null,
    network_decline_code: decline === null ? null : '51',
    network_status: decline === null ? 'approved_by_network' : 'declined_by_network',
    reason: decline?.declineCode ?? null,
    risk_level: 'normal',
    risk_score: 12,
    seller_message: decline === null ? 'Payment complete.' : 'The bank did not complete this payment.',
    type: decline === null ? 'authorized' : 'issuer_declined',
  };
}

function detailsOf(method: PaymentMethod): JsonObject {
  const details = method.card ?? method.sepa_debit ?? method.us_bank_account ?? {};
  return { [method.type]: details, type: method.type };
}
