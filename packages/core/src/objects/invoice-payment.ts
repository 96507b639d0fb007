import type { Need, ObjectReader, Reading, Told } from '../need.ts';
import { invoiceParents, paymentLink } from './invoice.ts';
import { at, idOf, listed } from './reference.ts';
import { readAt, spoken } from './spoken.ts';
import { present } from './stub.ts';

/** Says which PaymentIntent paid which invoice. The invoice, read along, says for which subscription. */
export const invoicePayment: ObjectReader = { needs, tell };

/** The invoice of a PaymentIntent, since 2025-03-31.basil: there is no shorter way. */
export function invoiceOfPayment(paymentId: string): Need {
  return {
    key: `invoice_payments:${paymentId}`,
    path: '/v1/invoice_payments',
    query: [
      ['payment[type]', 'payment_intent'],
      ['payment[payment_intent]', paymentId],
      ['expand[]', 'data.invoice'],
    ],
    why: `the invoice and subscription of ${paymentId}`,
  };
}

/** The invoice in the answer to {@link invoiceOfPayment}, expanded; `at` is the second of the answer. */
export function invoiceIn(
  { fetched }: Reading,
  paymentId: string,
): { readonly invoice: unknown; readonly at: number } | null {
  const answer = fetched.get(`invoice_payments:${paymentId}`);
  const invoice = at(listed(answer?.body)[0], 'invoice');
  return answer === undefined || idOf(invoice) === null ? null : { invoice, at: answer.at };
}

function paymentIdOf({ object }: Reading): string | null {
  return idOf(at(object, 'payment', 'payment_intent'));
}

function needs(reading: Reading): readonly Need[] {
  const paymentId = paymentIdOf(reading);
  return paymentId === null ? [] : [invoiceOfPayment(paymentId)];
}

function tell(reading: Reading): Told {
  const { object } = reading;
  const id = idOf(object) ?? 'the invoice payment';
  const paymentId = paymentIdOf(reading);
  if (paymentId === null) return { records: [], notes: [`${id} was not made by a PaymentIntent: nothing is written`] };
  const notes: string[] = [];
  const read = invoiceIn(reading, paymentId);
  if (read === null) {
    notes.push(`${id}: the subscription of ${idOf(object.invoice) ?? 'its invoice'} has to be read from Stripe`);
    const known = typeof object.invoice === 'string' ? { id: object.invoice } : object.invoice;
    return { records: present(paymentLink(paymentId, known, spoken(reading, 'updated'), notes)), notes };
  }
  const link = paymentLink(paymentId, read.invoice, readAt(reading, read.at, 'updated'), notes);
  return { records: [...invoiceParents(read.invoice, notes), link], notes };
}
