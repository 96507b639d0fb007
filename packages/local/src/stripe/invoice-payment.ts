import type { Books } from './books.ts';
import type { Invoice } from './invoice.ts';
import type { PaymentIntent } from './payment-intent.ts';

export type InvoicePayment = {
  id: string;
  object: 'invoice_payment';
  amount_paid: number | null;
  amount_requested: number;
  created: number;
  currency: string;
  invoice: string;
  is_default: boolean;
  livemode: boolean;
  payment: { payment_intent: string; type: 'payment_intent' };
  status: 'open' | 'paid' | 'canceled';
  status_transitions: { canceled_at: number | null; paid_at: number | null };
};

/** Joins an invoice to the payment that will pay it. Stripe makes it without an event. */
export function joinPayment(books: Books, invoice: Invoice, intent: PaymentIntent): InvoicePayment {
  const payment: InvoicePayment = {
    id: books.ids.timed('inpay', books.now()),
    object: 'invoice_payment',
    amount_paid: null,
    amount_requested: invoice.amount_due,
    created: books.now(),
    currency: invoice.currency,
    invoice: invoice.id,
    is_default: true,
    livemode: books.livemode,
    payment: { payment_intent: intent.id, type: 'payment_intent' },
    status: 'open',
    status_transitions: { canceled_at: null, paid_at: null },
  };
  books.invoicePayments.add(payment);
  return payment;
}

export function paymentsOf(books: Books, invoice: Invoice): readonly InvoicePayment[] {
  return books.invoicePayments.having('invoice', invoice.id);
}

/** The invoice that a PaymentIntent pays; null for one of its own. */
export function invoiceIdOf(books: Books, intent: string): string | null {
  return books.invoicePayments.peekHaving('payment[payment_intent]', intent)?.invoice ?? null;
}

export function payInvoicePayment(books: Books, payment: InvoicePayment): void {
  if (payment.status !== 'open') return;
  books.change(
    payment,
    (it) => {
      it.status = 'paid';
      it.amount_paid = it.amount_requested;
      it.status_transitions.paid_at = books.now();
    },
    'invoice_payment.paid',
  );
}

/** When its invoice is voided; without an event of ours to follow. */
export function cancelInvoicePayment(books: Books, payment: InvoicePayment): void {
  if (payment.status !== 'open') return;
  payment.status = 'canceled';
  payment.status_transitions.canceled_at = books.now();
}
