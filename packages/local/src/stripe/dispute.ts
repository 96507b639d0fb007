import type { JsonObject } from '@payments/core/event';
import type { Books, Metadata } from './books.ts';
import { DAY } from './calendar.ts';
import type { Charge } from './charge.ts';

export type Dispute = {
  id: string;
  object: 'dispute';
  amount: number;
  balance_transactions: JsonObject[];
  charge: string;
  created: number;
  currency: string;
  enhanced_eligibility_types: string[];
  evidence: { [key: string]: string | null };
  evidence_details: {
    due_by: number | null;
    enhanced_eligibility: JsonObject;
    has_evidence: boolean;
    past_due: boolean;
    submission_count: number;
    submission_method: string | null;
  };
  intended_submission_method: null;
  is_charge_refundable: boolean;
  livemode: boolean;
  metadata: Metadata;
  payment_intent: string;
  payment_method_details: JsonObject;
  reason: string;
  status: 'needs_response' | 'under_review' | 'won' | 'lost';
};

/** Emits charge.dispute.created, funds_withdrawn, and charge.updated for the charge's flag. */
export function openDispute(books: Books, charge: Charge, reason: string): Dispute {
  const dispute: Dispute = {
    id: books.ids.timed('dp', books.now()),
    object: 'dispute',
    amount: charge.amount,
    balance_transactions: [],
    charge: charge.id,
    created: books.now(),
    currency: charge.currency,
    enhanced_eligibility_types: [],
    evidence: { customer_communication: null, product_description: null, receipt: null, uncategorized_text: null },
    evidence_details: {
      due_by: books.now() + 9 * DAY,
      enhanced_eligibility: {},
      has_evidence: false,
      past_due: false,
      submission_count: 0,
      submission_method: null,
    },
    intended_submission_method: null,
    is_charge_refundable: false,
    livemode: books.livemode,
    metadata: {},
    payment_intent: charge.payment_intent,
    payment_method_details: {
      card: { brand: 'visa', case_type: 'chargeback', network_reason_code: '10' },
      type: 'card',
    },
    reason,
    status: 'needs_response',
  };
  books.disputes.add(dispute);
  books.emit('charge.dispute.created', dispute);
  books.change(
    charge,
    (it) => {
      it.disputed = true;
    },
    'charge.updated',
  );
  books.tick();
  books.change(
    dispute,
    (it) => {
      it.balance_transactions.push(movement(books, charge, -charge.amount, 'Chargeback withdrawal'));
    },
    'charge.dispute.funds_withdrawn',
  );
  return dispute;
}

export function answerDispute(books: Books, dispute: Dispute): void {
  if (dispute.status !== 'needs_response') return;
  books.change(
    dispute,
    (it) => {
      it.status = 'under_review';
      it.evidence.uncategorized_text = 'The customer used the service every day.';
      it.evidence_details.has_evidence = true;
      it.evidence_details.submission_count = 1;
      it.evidence_details.submission_method = 'manual';
    },
    'charge.dispute.updated',
  );
}

/** Emits charge.dispute.closed; a won one returns the money (funds_reinstated). */
export function closeDispute(books: Books, dispute: Dispute, result: 'won' | 'lost'): void {
  const charge = books.charges.get(dispute.charge);
  if (charge === undefined || dispute.status === 'won' || dispute.status === 'lost') return;
  books.change(
    dispute,
    (it) => {
      it.status = result;
    },
    'charge.dispute.closed',
  );
  if (result === 'lost') return;
  books.tick();
  books.change(
    dispute,
    (it) => {
      it.balance_transactions.push(movement(books, charge, charge.amount, 'Chargeback reversal'));
    },
    'charge.dispute.funds_reinstated',
  );
}

function movement(books: Books, charge: Charge, amount: number, description: string): JsonObject {
  return {
    id: books.ids.timed('txn', books.now()),
    object: 'balance_transaction',
    amount,
    available_on: books.now(),
    created: books.now(),
    currency: charge.currency,
    description,
    exchange_rate: null,
    fee: 0,
    fee_details: [],
    net: amount,
    reporting_category: amount < 0 ? 'dispute' : 'dispute_reversal',
    source: charge.id,
    status: 'available',
    type: 'adjustment',
  };
}
