import { minorToMajor } from '../money.ts';
import type { Need, ObjectReader, PaymentFailed, Reading, Told } from '../need.ts';
import type { SalesforceRecord } from '../record.ts';
import { Row } from '../row.ts';
import { attemptsOf, invoiceParents, invSub, paymentLink } from './invoice.ts';
import { invoiceIn, invoiceOfPayment } from './invoice-payment.ts';
import { at, currencyOf, idOf, listed, textAt } from './reference.ts';
import { rankOfType, readAt, spoken } from './spoken.ts';
import { customerParent, customerStub, present, STUB } from './stub.ts';

export const paymentIntent: ObjectReader = { needs, tell };

/** Stripe has no `payment_intent.failed`; a failed one waits for another payment method. */
const FAILED = 'payment_intent.payment_failed';
const FINISHED: ReadonlySet<unknown> = new Set(['succeeded', 'canceled']);

/**
 * The invoice of a failed payment, so that one failure is told once although two events report it. From basil on a
 * PaymentIntent does not name it. A success needs no question: `invoice_payment.paid` brings the answer.
 */
function needs({ event, object }: Reading): readonly Need[] {
  const id = idOf(object);
  if (event.type !== FAILED || id === null || 'invoice' in object || idOf(object.customer) === null) return [];
  return [invoiceOfPayment(id)];
}

function tell(reading: Reading): Told {
  const { event, object } = reading;
  const id = idOf(object);
  if (id === null) return { records: [], notes: ['the PaymentIntent has no id: nothing is written'] };
  const notes: string[] = [];
  const found = event.type === FAILED ? invoiceIn(reading, id) : null;
  const own = paymentRow(reading, id, notes);
  const record =
    found === null ? own : joined(own, paymentLink(id, found.invoice, readAt(reading, found.at, 'updated'), notes));
  const parents = found === null ? present(customerStub(object.customer, notes)) : invoiceParents(found.invoice, notes);
  return {
    records: [...parents, record],
    notes,
    paymentFailed: event.type === FAILED ? failureOf(reading, id, found?.invoice ?? null) : null,
  };
}

/** One row from two owners: `link` brings the invoice's columns, `own` all others. */
function joined(own: SalesforceRecord, link: SalesforceRecord): SalesforceRecord {
  const parents = [...own.parents, ...link.parents];
  const once = parents.filter((parent, index) => parents.findIndex(({ field }) => field === parent.field) === index);
  return {
    ...own,
    fields: { ...own.fields, ...link.fields },
    parents: once,
    owners: { ...link.owners, ...own.owners, ...(link.owners.invoice ? { invoice: link.owners.invoice } : {}) },
  };
}

function paymentRow(reading: Reading, id: string, notes: string[]): SalesforceRecord {
  const { object } = reading;
  const currency = currencyOf(object.currency);
  const row = new Row('Payment_Transaction__c', id, notes)
    .amount(
      'Amount__c',
      object.status === 'succeeded' ? (object.amount_received ?? object.amount) : object.amount,
      currency,
    )
    .currency('Currency__c', currency)
    .pick('Status__c', object.status)
    .instant('Transaction_Date__c', dateOf(reading))
    .text('Failure_Code__c', failureAt(object, 'code'), 'nullable')
    .text('Failure_Message__c', failureAt(object, 'message'), 'nullable')
    .text('Stripe_Invoice_ID__c', idOf(object.invoice))
    .text('Payment_Method_Type__c', methodOf(object));
  const finished = FINISHED.has(object.status);
  return row.record(id, {
    owners: {
      payment_intent: spoken(reading, finished ? 'terminal' : rankOfType(reading)),
      // What the PaymentIntent knows of its charge and invoice is less than what they say themselves.
      ...(methodOf(object) === null ? {} : { charge: STUB }),
      ...(idOf(object.invoice) === null ? {} : { invoice: STUB }),
    },
    parents: [customerParent(object.customer)],
  });
}

/** `null` clears: the last attempt did not fail. */
function failureAt(object: Reading['object'], key: 'code' | 'message'): unknown {
  if (object.last_payment_error === undefined) return undefined;
  return at(object.last_payment_error, key) ?? null;
}

function dateOf({ event, object }: Reading): unknown {
  if (object.status === 'succeeded') {
    return at(object.latest_charge, 'created') ?? listed(object.charges)[0]?.created ?? event.created;
  }
  return object.status === 'canceled' ? (object.canceled_at ?? object.created) : object.created;
}

/** Where the payment method is really known; `payment_method_types` lists what is allowed, so only a single entry tells. */
function methodOf(object: Reading['object']): string | null {
  const allowed = object.payment_method_types;
  const only = Array.isArray(allowed) && allowed.length === 1 ? allowed[0] : null;
  return (
    textAt(object.payment_method, 'type') ??
    textAt(listed(object.charges)[0], 'payment_method_details', 'type') ??
    textAt(object.latest_charge, 'payment_method_details', 'type') ??
    textAt(object.last_payment_error, 'payment_method', 'type') ??
    (typeof only === 'string' ? only : null)
  );
}

/** Stripe retries invoices, not PaymentIntents: without an invoice no attempt is known, and none is the last. */
function failureOf({ event, object }: Reading, id: string, invoice: unknown): PaymentFailed {
  const currency = currencyOf(object.currency);
  const attempts = invoice === null ? { attemptCount: null, nextAttemptAt: null, isFinal: false } : attemptsOf(invoice);
  return {
    eventId: event.id,
    subscriptionId: invoice === null ? null : invSub(invoice),
    customerId: idOf(object.customer),
    paymentIntentId: id,
    invoiceId: idOf(invoice) ?? idOf(object.invoice),
    amount: currency === null ? null : minorToMajor(object.amount, currency),
    currency: currency?.toUpperCase() ?? null,
    code: textAt(object.last_payment_error, 'code'),
    ...attempts,
  };
}
