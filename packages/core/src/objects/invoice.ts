import { minorToMajor } from '../money.ts';
import type { Need, ObjectReader, PaymentFailed, Reading, Told } from '../need.ts';
import type { OwnerVersion, SalesforceRecord } from '../record.ts';
import { isoOf, Row } from '../row.ts';
import { at, currencyOf, idOf, listed, salesforceRowId, textAt } from './reference.ts';
import { readAt, spoken } from './spoken.ts';
import { customerParent, customerStub, present, STUB, subscriptionParent, subscriptionStub } from './stub.ts';

export const invoice: ObjectReader = { needs, tell };

const FAILED = 'invoice.payment_failed';

/** The subscription an invoice is for: `parent` since 2025-03-31.basil, `subscription` before, else its first line that names one. */
export function invSub(object: unknown): string | null {
  const found = idOf(at(object, 'parent', 'subscription_details', 'subscription')) ?? idOf(at(object, 'subscription'));
  if (found !== null) return found;
  const lines = listed(at(object, 'lines')).map(
    (line) => idOf(at(line, 'parent', 'subscription_item_details', 'subscription')) ?? idOf(line.subscription),
  );
  return lines.find((id) => id !== null) ?? null;
}

/** The row of ours that the subscription's metadata names; Stripe copies it into its invoices. */
export function invRowId(object: unknown): string | null {
  return salesforceRowId(
    at(object, 'parent', 'subscription_details', 'metadata', 'sf_subscription_id') ??
      at(object, 'subscription_details', 'metadata', 'sf_subscription_id'),
  );
}

/** Customer and subscription of an invoice, to stand before whatever refers to them. */
export function invoiceParents(object: unknown, notes: string[]): readonly SalesforceRecord[] {
  const customer = at(object, 'customer');
  const contact = { email: at(object, 'customer_email'), name: at(object, 'customer_name') };
  return present(
    customerStub(customer, notes, contact),
    subscriptionStub(invSub(object), { customer, rowId: invRowId(object) }, notes),
  );
}

/** Joins a payment to its invoice and subscription. An invoice without a subscription says nothing about one. */
export function paymentLink(
  paymentId: string,
  object: unknown,
  version: OwnerVersion,
  notes: string[],
): SalesforceRecord {
  return new Row('Payment_Transaction__c', paymentId, notes)
    .text('Stripe_Invoice_ID__c', idOf(object))
    .record(paymentId, {
      owners: { payment_intent: STUB, invoice: version },
      parents: [customerParent(at(object, 'customer')), subscriptionParent(invSub(object))],
    });
}

function needs(reading: Reading): readonly Need[] {
  const subscriptionId = invSub(reading.object);
  const newest = reading.fetchedAt === null || subscriptionId === null ? [] : [newestInvoice(subscriptionId)];
  return [...newest, ...failedPayment(reading)];
}

/** From basil on an invoice does not name its payments; the one that failed is wanted. */
function failedPayment({ event, object }: Reading): readonly Need[] {
  const id = idOf(object);
  const names = 'payment_intent' in object || 'charge' in object || listed(object.payments).length > 0;
  if (event.type !== FAILED || id === null || names) return [];
  return [
    {
      key: `invoice_payments:${id}`,
      path: '/v1/invoice_payments',
      query: [
        ['invoice', id],
        ['expand[]', 'data.payment.payment_intent'],
      ],
      why: `${id} does not name the PaymentIntent that failed`,
    },
  ];
}

function tell(reading: Reading): Told {
  const { event, object } = reading;
  const id = idOf(object);
  if (id === null) return { records: [], notes: ['the invoice has no id: nothing is written'] };
  const notes: string[] = [];
  const failed = event.type === FAILED;
  const version = spoken(reading, 'updated');
  const intents = paymentIntents(reading);
  const word = lastWord(reading, intents);
  const parents = invoiceParents(object, notes).map((record) =>
    word !== null && record.object === 'Stripe_Subscription__c' && record.externalId !== null
      ? withMessage(record, word.message, word.version, notes)
      : record,
  );
  const payments = intents.flatMap((intent) => {
    const paymentId = idOf(intent);
    return paymentId === null ? [] : [paymentLink(paymentId, object, version, notes)];
  });
  const records = invSub(object) === null && payments.length === 0 ? [] : [...parents, ...payments];
  if (records.length === 0) notes.push(`${id} names neither a subscription nor a payment: nothing is written`);
  return { records, notes, paymentFailed: failed ? failureOf(reading, intents) : null };
}

type Word = { readonly message: string | null; readonly version: OwnerVersion };

/**
 * A subscription has many invoices, and its message is that of the last one. An event tells what happened to its invoice
 * when it happened; what *is* now, is told by the newest invoice, since an old one may have been paid long ago.
 */
function lastWord(reading: Reading, intents: readonly unknown[]): Word | null {
  const { event, object, fetchedAt, fetched } = reading;
  if (fetchedAt === null) {
    const message = event.type === FAILED ? failureText(object, intents) : null;
    return { message, version: spoken(reading, 'updated') };
  }
  const answer = fetched.get(newestKey(invSub(object)));
  const newest = listed(answer?.body)[0];
  if (answer === undefined || newest === undefined) return null;
  const unpaid = newest.status === 'open' && newest.attempted === true;
  const message = unpaid ? failureText(newest, idOf(newest) === idOf(object) ? intents : []) : null;
  return { message, version: readAt(reading, answer.at, 'updated') };
}

const newestKey = (subscriptionId: string | null): string => `newest_invoice:${subscriptionId}`;

function newestInvoice(subscriptionId: string): Need {
  return {
    key: newestKey(subscriptionId),
    path: '/v1/invoices',
    query: [
      ['subscription', subscriptionId],
      ['limit', '1'],
    ],
    why: `the newest invoice of ${subscriptionId} says whether it is paid now`,
  };
}

function withMessage(
  stub: SalesforceRecord,
  message: string | null,
  version: OwnerVersion,
  notes: string[],
): SalesforceRecord {
  const { fields } = new Row('Stripe_Subscription__c', stub.externalId ?? '', notes)
    .text('Error_Message__c', message, 'nullable')
    .record(stub.externalId ?? '', { owners: {} });
  return { ...stub, fields: { ...stub.fields, ...fields }, owners: { ...stub.owners, invoice: version } };
}

/** References to the PaymentIntents of an invoice, expanded where Stripe was asked for it, newest first. */
function paymentIntents({ object, fetched }: Reading): readonly unknown[] {
  const direct = object.payment_intent;
  if (idOf(direct) !== null) return [direct];
  const listedHere = [...listed(object.payments), ...listed(fetched.get(`invoice_payments:${idOf(object)}`)?.body)];
  const byId = new Map<string, unknown>();
  for (const payment of listedHere) {
    const intent = at(payment, 'payment', 'payment_intent');
    const id = idOf(intent);
    if (id !== null && !byId.has(id)) byId.set(id, intent);
  }
  return [...byId.values()];
}

function failureText(object: unknown, intents: readonly unknown[]): string {
  const attempt = at(object, 'attempt_count');
  return (
    textAt(object, 'last_finalization_error', 'message') ??
    intents.map((intent) => textAt(intent, 'last_payment_error', 'message')).find((text) => text !== null) ??
    (typeof attempt === 'number' ? `The payment failed (attempt ${attempt}).` : 'The payment failed.')
  );
}

/** Final: Stripe collects by itself and plans no further attempt. */
export function failureOf({ event, object }: Reading, intents: readonly unknown[]): PaymentFailed {
  const currency = currencyOf(object.currency);
  const failedIntent = intents.find((intent) => (at(intent, 'last_payment_error') ?? null) !== null) ?? intents[0];
  return {
    eventId: event.id,
    subscriptionId: invSub(object),
    customerId: idOf(object.customer),
    paymentIntentId: idOf(failedIntent),
    invoiceId: idOf(object),
    amount: currency === null ? null : minorToMajor(object.amount_remaining ?? object.amount_due, currency),
    currency: currency?.toUpperCase() ?? null,
    code:
      textAt(object, 'last_finalization_error', 'code') ?? textAt(failedIntent, 'last_payment_error', 'code') ?? null,
    ...attemptsOf(object),
  };
}

export function attemptsOf(object: unknown): Pick<PaymentFailed, 'attemptCount' | 'nextAttemptAt' | 'isFinal'> {
  const attempts = at(object, 'attempt_count');
  const next = isoOf(at(object, 'next_payment_attempt'));
  const automatic = (at(object, 'collection_method') ?? at(object, 'billing')) !== 'send_invoice';
  return {
    attemptCount: typeof attempts === 'number' && Number.isSafeInteger(attempts) && attempts >= 0 ? attempts : null,
    nextAttemptAt: next,
    isFinal: automatic && next === null && Object.is(at(object, 'next_payment_attempt'), null),
  };
}
