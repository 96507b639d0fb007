import * as v from 'valibot';
import type { Books } from './books.ts';
import { liveCustomer } from './customer-endpoints.ts';
import type { Endpoint } from './endpoint.ts';
import { endpoint } from './endpoint.ts';
import type { Invoice } from './invoice.ts';
import { draftInvoice, finalizeInvoice, voidInvoice } from './invoice.ts';
import { collect, payInvoice } from './invoice-collection.ts';
import { loneLine } from './invoice-lines.ts';
import { paymentsOf } from './invoice-payment.ts';
import { withoutEmpty } from './metadata.ts';
import { clearable, currency, flag, hash, ignored, metadata, notImitated, oneOf, text, whole } from './parameters.ts';
import { declined } from './payment-intent-endpoints.ts';
import { previewChange, previewNew } from './preview.ts';
import { noSuch, refused } from './stripe-error.ts';
import { hasEnded } from './subscription.ts';
import { prorationMoment, subscriptionNamed } from './subscription-endpoints.ts';
import { itemChanges } from './subscription-items.ts';
import { ITEM_CHANGES } from './subscription-parameters.ts';
import { methodNamed } from './test-payment-methods.ts';

export const INVOICE_PREVIEW = {
  customer_account: v.optional(notImitated()),
  on_behalf_of: v.optional(notImitated()),
  automatic_tax: v.optional(ignored()),
  currency: v.optional(currency()),
  customer: v.optional(text()),
  customer_details: v.optional(ignored()),
  discounts: v.optional(notImitated()),
  invoice_items: v.optional(notImitated()),
  issuer: v.optional(ignored()),
  preview_mode: v.optional(oneOf(['next', 'recurring'])),
  schedule: v.optional(notImitated()),
  schedule_details: v.optional(notImitated()),
  subscription: v.optional(text()),
  subscription_details: v.optional(
    hash({
      billing_cycle_anchor: v.optional(notImitated()),
      billing_mode: v.optional(ignored()),
      billing_schedules: v.optional(notImitated()),
      metadata: v.optional(ignored()),
      pause: v.optional(notImitated()),
      cancel_at: v.optional(notImitated()),
      cancel_at_period_end: v.optional(flag()),
      cancel_now: v.optional(notImitated()),
      default_tax_rates: v.optional(notImitated()),
      items: v.optional(ITEM_CHANGES),
      proration_behavior: v.optional(oneOf(['always_invoice', 'create_prorations', 'none'])),
      proration_date: v.optional(whole(0)),
      resume_at: v.optional(notImitated()),
      start_date: v.optional(notImitated()),
      trial_end: v.optional(notImitated()),
    }),
  ),
};

const INVOICE = {
  auto_advance: v.optional(flag()),
  collection_method: v.optional(oneOf(['charge_automatically', 'send_invoice'])),
  currency: v.optional(currency()),
  customer: text(),
  default_payment_method: v.optional(text()),
  description: v.optional(clearable()),
  metadata: v.optional(metadata()),
  pending_invoice_items_behavior: v.optional(oneOf(['exclude', 'include'])),
};

export function invoiceEndpoints(): readonly Endpoint[] {
  return [
    endpoint('POST', 'invoices/create_preview', INVOICE_PREVIEW, ({ books }, given) => {
      const asked = given.subscription_details?.items ?? [];
      if (given.subscription !== undefined) {
        const subscription = subscriptionNamed(books, given.subscription, 'subscription');
        if (hasEnded(subscription)) {
          throw refused('No upcoming invoices for customer', 'subscription', 'invoice_upcoming_none');
        }
        const changes = itemChanges(books, subscription, asked, 'subscription_details[items]');
        const proration = given.subscription_details?.proration_behavior ?? 'create_prorations';
        const moment = prorationMoment(
          subscription,
          given.subscription_details?.proration_date,
          'subscription_details[proration_date]',
        );
        return previewChange(books, subscription, changes, proration, moment);
      }
      if (given.customer === undefined) {
        throw refused('You must specify a customer or a subscription.', 'customer', 'parameter_missing');
      }
      liveCustomer(books, given.customer, 'customer');
      const items = asked.map((item, at) => {
        const price = books.prices.get(item.price ?? '');
        if (price === undefined) throw noSuch('price', item.price ?? '', `subscription_details[items][${at}][price]`);
        return { price, quantity: item.quantity ?? 1 };
      });
      if (items.length === 0) throw refused('No upcoming invoices for customer', 'customer', 'invoice_upcoming_none');
      return previewNew(books, given.customer, items);
    }),
    endpoint(
      'POST',
      'invoiceitems',
      {
        amount: whole(),
        currency: currency(),
        customer: text(),
        description: v.optional(clearable()),
        metadata: v.optional(metadata()),
      },
      ({ books }, given) => {
        liveCustomer(books, given.customer, 'customer');
        const line = loneLine(books, {
          amount: given.amount,
          currency: given.currency,
          description: given.description ?? null,
        });
        books.pendingItems.set(given.customer, [...(books.pendingItems.get(given.customer) ?? []), line]);
        const item = {
          id: books.ids.timed('ii', books.now()),
          object: 'invoiceitem',
          amount: line.amount,
          currency: line.currency,
          customer: given.customer,
          date: books.now(),
          description: line.description,
          discountable: true,
          discounts: [],
          invoice: null,
          livemode: books.livemode,
          metadata: withoutEmpty(given.metadata),
          parent: null,
          period: line.period,
          pricing: line.pricing,
          proration: false,
          quantity: 1,
          tax_rates: [],
          test_clock: null,
        };
        books.emit('invoiceitem.created', item);
        return item;
      },
    ),
    endpoint('POST', 'invoices', INVOICE, ({ books }, given) => {
      liveCustomer(books, given.customer, 'customer');
      const wanted = given.pending_invoice_items_behavior === 'include';
      const lines = wanted ? (books.pendingItems.get(given.customer) ?? []) : [];
      if (wanted) books.pendingItems.delete(given.customer);
      const invoice = draftInvoice(books, {
        customer: given.customer,
        currency: given.currency ?? lines[0]?.currency ?? 'usd',
        reason: 'manual',
        lines,
        periodStart: books.now(),
        periodEnd: books.now(),
        subscription: null,
      });
      if (given.default_payment_method !== undefined) {
        const method = methodNamed(books, given.default_payment_method, 'default_payment_method');
        books.methodOfInvoice.set(invoice.id, method.id);
      }
      return invoice;
    }),
    endpoint('POST', 'invoices/:id/finalize', { auto_advance: v.optional(flag()) }, ({ books, id }) => {
      const invoice = invoiceNamed(books, id);
      if (invoice.status !== 'draft') {
        throw refused("This invoice is already finalized, you can't re-finalize a non-draft invoice.");
      }
      finalizeInvoice(books, invoice);
      return invoice;
    }),
    endpoint(
      'POST',
      'invoices/:id/pay',
      {
        forgive: v.optional(flag()),
        off_session: v.optional(flag()),
        paid_out_of_band: v.optional(flag()),
        payment_method: v.optional(text()),
      },
      ({ books, id }, given) => {
        const invoice = invoiceNamed(books, id);
        if (invoice.status === 'paid') throw refused('Invoice is already paid', undefined, 'invoice_already_paid');
        if (invoice.status !== 'draft' && invoice.status !== 'open') {
          throw refused(`This invoice can no longer be paid: it has a status of ${invoice.status}.`);
        }
        if (given.payment_method !== undefined) {
          books.methodOfInvoice.set(id, methodNamed(books, given.payment_method, 'payment_method').id);
        }
        const unpaid = invoice.status === 'draft' || paymentsOf(books, invoice).length === 0;
        const outcome = unpaid ? collect(books, invoice) : payInvoice(books, invoice);
        if (outcome === 'failed') throw notPaid(books, invoice);
        return invoice;
      },
    ),
    endpoint('POST', 'invoices/:id/void', {}, ({ books, id }) => {
      const invoice = invoiceNamed(books, id);
      if (invoice.status !== 'open') {
        throw refused(
          `You can only pass in open invoices. This invoice isn't open.`,
          undefined,
          'invoice_not_editable',
        );
      }
      voidInvoice(books, invoice);
      return invoice;
    }),
  ];
}

function invoiceNamed(books: Books, id: string): Invoice {
  const found = books.invoices.get(id);
  if (found === undefined) throw noSuch('invoice', id, 'invoice', 404);
  return found;
}

function notPaid(books: Books, invoice: Invoice) {
  const intent = books.paymentIntents.get(paymentsOf(books, invoice)[0]?.payment.payment_intent ?? '');
  if (intent !== undefined && intent.last_payment_error !== null) return declined(intent);
  return refused(
    'Cannot charge a customer that has no active card or default payment method.',
    undefined,
    'missing_payment_method',
  );
}
