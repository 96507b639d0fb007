import type { JsonObject } from '@payments/core/event';
import type { Books, Metadata } from './books.ts';
import type { Charge } from './charge.ts';

export type Refund = {
  id: string;
  object: 'refund';
  amount: number;
  balance_transaction: string | null;
  charge: string;
  created: number;
  currency: string;
  customer: string | null;
  customer_account: null;
  destination_details: JsonObject;
  failure_balance_transaction?: string;
  failure_reason?: string;
  metadata: Metadata;
  payment_intent: string;
  payment_method: string | null;
  reason: string | null;
  receipt_number: null;
  source_transfer_reversal: null;
  status: 'pending' | 'succeeded' | 'failed';
  transfer_reversal: null;
};

/** Emits charge.refunded, refund.created and, as cards do, refund.updated when the bank's reference is known. */
export function refundCharge(
  books: Books,
  charge: Charge,
  fields: { readonly amount?: number; readonly reason?: string | null; readonly metadata?: Metadata } = {},
): Refund {
  const amount = fields.amount ?? charge.amount - charge.amount_refunded;
  if (amount <= 0 || amount > charge.amount - charge.amount_refunded) {
    throw new RangeError(
      `cannot refund ${amount} of charge ${charge.id}: ${charge.amount - charge.amount_refunded} is left`,
    );
  }
  const refund: Refund = {
    id: books.ids.timed('re', charge.created, 3),
    object: 'refund',
    amount,
    balance_transaction: books.ids.timed('txn', charge.created, 3),
    charge: charge.id,
    created: books.now(),
    currency: charge.currency,
    customer: charge.customer,
    customer_account: null,
    destination_details: {
      card: { reference_status: 'pending', reference_type: 'acquirer_reference_number', type: 'refund' },
      type: 'card',
    },
    metadata: fields.metadata ?? {},
    payment_intent: charge.payment_intent,
    payment_method: charge.payment_method,
    reason: fields.reason ?? null,
    receipt_number: null,
    source_transfer_reversal: null,
    status: 'succeeded',
    transfer_reversal: null,
  };
  books.refunds.add(refund);
  books.change(
    charge,
    (it) => {
      it.amount_refunded += amount;
      it.refunded = it.amount_refunded === it.amount;
      it.receipt_url = `https://pay.stripe.example/receipts/${books.ids.long('', 40)}`;
    },
    'charge.refunded',
  );
  books.emit('refund.created', refund);
  return refund;
}

/** The bank names its reference some hours later: both the elder and today's type tell of it. */
export function referenceRefund(books: Books, refund: Refund): void {
  if (refund.status === 'failed') return;
  books.change(
    refund,
    (it) => {
      it.destination_details = {
        card: {
          reference: books.random.text(23, '0123456789'),
          reference_status: 'available',
          reference_type: 'acquirer_reference_number',
          type: 'refund',
        },
        type: 'card',
      };
    },
    'charge.refund.updated',
    'refund.updated',
  );
}

/** The customer's bank sent it back: the charge's refunded total shrinks again. */
export function failRefund(books: Books, refund: Refund): void {
  const charge = books.charges.get(refund.charge);
  if (charge === undefined || refund.status === 'failed') return;
  books.change(
    charge,
    (it) => {
      it.amount_refunded -= refund.amount;
      it.refunded = false;
    },
    'charge.updated',
  );
  books.change(
    refund,
    (it) => {
      it.status = 'failed';
      it.failure_reason = 'expired_or_canceled_card';
      it.failure_balance_transaction = books.ids.timed('txn', charge.created, 3);
    },
    'refund.failed',
    'refund.updated',
    'charge.refund.updated',
  );
}
