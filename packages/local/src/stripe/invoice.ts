import type { JsonObject } from '@payments/core/event';
import type { Books, Metadata } from './books.ts';
import { HOUR } from './calendar.ts';
import { setDelinquent, settleCurrency } from './customer.ts';
import { cancelInvoicePayment, payInvoicePayment, paymentsOf } from './invoice-payment.ts';
import { cancelIntent } from './payment-intent.ts';

export type BillingReason = 'subscription_create' | 'subscription_cycle' | 'subscription_update' | 'manual';

export type InvoiceLine = {
  id: string;
  object: 'line_item';
  amount: number;
  currency: string;
  description: string;
  discount_amounts: never[];
  discountable: boolean;
  discounts: never[];
  invoice: string | null;
  livemode: boolean;
  metadata: Metadata;
  parent: JsonObject;
  period: { end: number; start: number };
  pretax_credit_amounts: never[];
  pricing: JsonObject;
  quantity: number;
  quantity_decimal: string;
  subtotal: number;
  taxes: never[];
};

export type Invoice = {
  id: string;
  object: 'invoice';
  account_country: 'US';
  account_name: string;
  amount_due: number;
  amount_overpaid: number;
  amount_paid: number;
  amount_remaining: number;
  amount_shipping: number;
  attempt_count: number;
  attempted: boolean;
  auto_advance: boolean;
  automatically_finalizes_at: number | null;
  billing_reason: BillingReason;
  collection_method: 'charge_automatically';
  created: number;
  currency: string;
  customer: string;
  customer_account: null;
  customer_email: string | null;
  customer_name: string | null;
  customer_phone: string | null;
  effective_at: number | null;
  ending_balance: number | null;
  hosted_invoice_url: string | null;
  invoice_pdf: string | null;
  last_finalization_error: null;
  lines: { object: 'list'; data: InvoiceLine[]; has_more: boolean; total_count: number; url: string };
  livemode: boolean;
  metadata: Metadata;
  next_payment_attempt: number | null;
  number: string | null;
  parent: null | {
    quote_details: null;
    subscription_details: { metadata: Metadata; subscription: string };
    type: 'subscription_details';
  };
  period_end: number;
  period_start: number;
  status: 'draft' | 'open' | 'paid' | 'void' | 'uncollectible';
  status_transitions: {
    finalized_at: number | null;
    marked_uncollectible_at: number | null;
    paid_at: number | null;
    voided_at: number | null;
  };
  subtotal: number;
  subtotal_excluding_tax: number;
  total: number;
  total_excluding_tax: number;
} & typeof EMPTY;

/** Keys that this account never fills, but whose presence readers see. */
const EMPTY = {
  account_tax_ids: null,
  application: null,
  automatic_tax: { disabled_reason: null, enabled: false, liability: null, provider: null, status: null },
  custom_fields: null,
  customer_address: null,
  customer_shipping: null,
  customer_tax_exempt: 'none',
  customer_tax_ids: [],
  default_payment_method: null,
  default_source: null,
  default_tax_rates: [],
  description: null,
  discounts: [],
  due_date: null,
  footer: null,
  from_invoice: null,
  issuer: { type: 'self' },
  latest_revision: null,
  on_behalf_of: null,
  payment_settings: { default_mandate: null, payment_method_options: null, payment_method_types: null },
  post_payment_credit_notes_amount: 0,
  pre_payment_credit_notes_amount: 0,
  receipt_number: null,
  rendering: null,
  shipping_cost: null,
  shipping_details: null,
  starting_balance: 0,
  statement_descriptor: null,
  test_clock: null,
  total_discount_amounts: [],
  total_pretax_credit_amounts: [],
  total_taxes: [],
} as const satisfies JsonObject;

export type InvoiceFields = {
  readonly customer: string;
  readonly currency: string;
  readonly reason: BillingReason;
  readonly lines: readonly InvoiceLine[];
  readonly periodStart: number;
  readonly periodEnd: number;
  readonly subscription: { readonly id: string; readonly metadata: Metadata } | null;
};

/** A draft (invoice.created). A negative total, as after a downgrade, is owed as nothing. */
export function draftInvoice(books: Books, fields: InvoiceFields): Invoice {
  const id = books.ids.timed('in', books.now());
  const customer = books.customers.get(fields.customer);
  if (customer !== undefined) settleCurrency(books, customer, fields.currency);
  const total = fields.lines.reduce((sum, line) => sum + line.amount, 0);
  const due = Math.max(0, total);
  const invoice: Invoice = {
    ...EMPTY,
    id,
    object: 'invoice',
    account_country: 'US',
    account_name: 'Example Business',
    amount_due: due,
    amount_overpaid: 0,
    amount_paid: 0,
    amount_remaining: due,
    amount_shipping: 0,
    attempt_count: 0,
    attempted: false,
    auto_advance: true,
    automatically_finalizes_at: books.now() + HOUR,
    billing_reason: fields.reason,
    collection_method: 'charge_automatically',
    created: books.now(),
    currency: fields.currency,
    customer: fields.customer,
    customer_account: null,
    customer_email: customer?.email ?? null,
    customer_name: customer?.name ?? null,
    customer_phone: customer?.phone ?? null,
    effective_at: null,
    ending_balance: null,
    hosted_invoice_url: null,
    invoice_pdf: null,
    last_finalization_error: null,
    lines: {
      object: 'list',
      data: fields.lines.map((line) => ({ ...line, invoice: id })),
      has_more: false,
      total_count: fields.lines.length,
      url: `/v1/invoices/${id}/lines`,
    },
    livemode: books.livemode,
    metadata: {},
    next_payment_attempt: null,
    number: null,
    parent:
      fields.subscription === null
        ? null
        : {
            quote_details: null,
            subscription_details: {
              metadata: { ...fields.subscription.metadata },
              subscription: fields.subscription.id,
            },
            type: 'subscription_details',
          },
    period_end: fields.periodEnd,
    period_start: fields.periodStart,
    status: 'draft',
    status_transitions: { finalized_at: null, marked_uncollectible_at: null, paid_at: null, voided_at: null },
    subtotal: total,
    subtotal_excluding_tax: total,
    total,
    total_excluding_tax: total,
  };
  books.invoices.add(invoice);
  books.emit('invoice.created', invoice);
  return invoice;
}

export function finalizeInvoice(books: Books, invoice: Invoice): void {
  const sequence = books.nextInvoiceNumber.get(invoice.customer) ?? 1;
  const prefix = books.customers.get(invoice.customer)?.invoice_prefix ?? 'INV';
  books.nextInvoiceNumber.set(invoice.customer, sequence + 1);
  books.change(
    invoice,
    (it) => {
      it.status = 'open';
      it.number = `${prefix}-${String(sequence).padStart(4, '0')}`;
      it.automatically_finalizes_at = null;
      it.effective_at = books.now();
      it.ending_balance = 0;
      it.hosted_invoice_url = `https://invoice.stripe.example/i/${it.id}`;
      it.invoice_pdf = `https://pay.stripe.example/invoice/${it.id}/pdf`;
      it.status_transitions.finalized_at = books.now();
    },
    'invoice.finalized',
  );
}

/** Emits invoice.updated, invoice.paid, invoice.payment_succeeded and, where a payment paid it, invoice_payment.paid. */
export function markInvoicePaid(books: Books, invoice: Invoice): void {
  if (invoice.status !== 'open') return;
  books.change(
    invoice,
    (it) => {
      it.status = 'paid';
      it.amount_paid = it.amount_due;
      it.amount_remaining = 0;
      it.attempted = true;
      it.attempt_count += it.amount_due > 0 ? 1 : 0;
      it.auto_advance = false;
      it.next_payment_attempt = null;
      it.status_transitions.paid_at = books.now();
    },
    'invoice.updated',
    'invoice.paid',
    'invoice.payment_succeeded',
  );
  for (const payment of paymentsOf(books, invoice)) payInvoicePayment(books, payment);
  const customer = books.customers.get(invoice.customer);
  if (customer?.delinquent === true && !owesElsewhere(books, invoice)) setDelinquent(books, customer, false);
}

/** `nextAttempt` null: this was the last one. */
export function markInvoiceFailed(books: Books, invoice: Invoice, nextAttempt: number | null): void {
  books.change(
    invoice,
    (it) => {
      it.attempted = true;
      it.attempt_count += 1;
      it.next_payment_attempt = nextAttempt;
    },
    'invoice.updated',
    'invoice.payment_failed',
  );
  const customer = books.customers.get(invoice.customer);
  if (customer !== undefined && invoice.billing_reason !== 'subscription_create') setDelinquent(books, customer, true);
}

/** Voids an unpaid invoice and cancels its payment. */
export function voidInvoice(books: Books, invoice: Invoice): void {
  if (invoice.status !== 'open') return;
  for (const payment of paymentsOf(books, invoice)) {
    const intent = books.paymentIntents.get(payment.payment.payment_intent);
    if (intent !== undefined) cancelIntent(books, intent, 'void_invoice');
    cancelInvoicePayment(books, payment);
  }
  books.change(
    invoice,
    (it) => {
      it.status = 'void';
      it.auto_advance = false;
      it.next_payment_attempt = null;
      it.status_transitions.voided_at = books.now();
    },
    'invoice.voided',
  );
}

function owesElsewhere(books: Books, paid: Invoice): boolean {
  const invoices = books.invoices.having('customer', paid.customer);
  return invoices.some((invoice) => invoice.status === 'open' && invoice.attempted);
}
