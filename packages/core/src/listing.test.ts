import { describe, expect, it } from 'vitest';
import { listed } from './listing.ts';
import { plan } from './plan.ts';

const AT = 1_764_000_000;

const recordsOf = (...args: Parameters<typeof listed>) =>
  listed(...args).flatMap(({ source, fetched }) => plan(source, fetched).records);

describe("what Stripe's lists say", () => {
  it('is dated by the reading and marked as read, so that a newer webhook wins', () => {
    const [record] = recordsOf(
      'customers',
      { id: 'cus_1', object: 'customer', email: 'a@example.com', name: null },
      AT,
    );
    expect(record).toMatchObject({
      externalId: 'cus_1',
      fields: { Customer_Email__c: 'a@example.com', Customer_Name__c: null },
      owners: { customer: { version: AT * 100 + 50, fetched: true } },
    });
  });

  it('brings the message of the newest invoice with its subscription', () => {
    const invoice = (status: string) => ({
      ...{ id: 'in_1', object: 'invoice', customer: 'cus_1', status, attempted: true, attempt_count: 2 },
      parent: { type: 'subscription_details', subscription_details: { subscription: 'sub_1' } },
    });
    const messages = (status: string) =>
      recordsOf(
        'subscriptions',
        { id: 'sub_1', customer: 'cus_1', status: 'past_due', latest_invoice: invoice(status) },
        AT,
      )
        .filter(({ owners }) => owners.invoice !== undefined)
        .map(({ fields }) => fields.Error_Message__c);
    expect(messages('open')).toEqual(['The payment failed (attempt 2).']);
    expect(messages('paid')).toEqual([null]);
  });

  it('brings the charge that succeeded with its payment, and no charge that failed', () => {
    const charge = { id: 'ch_1', payment_intent: 'pi_1', amount_refunded: 500, currency: 'eur', status: 'succeeded' };
    const of = (status: string) =>
      recordsOf(
        'payment_intents',
        { id: 'pi_1', currency: 'eur', amount: 900, status: 'succeeded', latest_charge: { ...charge, status } },
        AT,
      );
    expect(of('succeeded').map(({ fields }) => fields.Amount_Refunded__c)).toContain('5');
    expect(of('failed').map(({ fields }) => fields.Amount_Refunded__c)).toEqual([undefined]);
  });

  it.each([
    ['paid', null, 1],
    ['open', { code: 'card_declined' }, 1],
    ['open', null, 0],
  ])('joins a payment to its invoice when it was tried: %s, %j', (status, last_payment_error, links) => {
    const payment = { type: 'payment_intent', payment_intent: { id: 'pi_1', last_payment_error } };
    const records = recordsOf('invoice_payments', { id: 'inpay_1', status, invoice: { id: 'in_1' }, payment }, AT);
    expect(records.filter(({ object }) => object === 'Payment_Transaction__c')).toHaveLength(links);
  });

  it('dates a session by its opening, as its event is, and passes over an open one', () => {
    const session = (status: string) => ({
      ...{ id: 'cs_1', created: 7_000, status, payment_status: 'paid', subscription: 'sub_1', customer: null },
    });
    const [record] = recordsOf('sessions', session('complete'), AT);
    expect(record?.owners.session).toEqual({ version: 700_090, fetched: false });
    expect(recordsOf('sessions', session('open'), AT)).toEqual([]);
  });

  it('takes what was deleted from the event of it, and nothing that is no event', () => {
    const event = { id: 'evt_1', object: 'event', type: 'customer.deleted', created: 9_000, livemode: false };
    const [record] = recordsOf('deleted customers', { ...event, data: { object: { id: 'cus_1' } } }, AT);
    expect([record?.fields.Deleted_In_Stripe__c, record?.owners.customer?.version]).toEqual([true, 900_090]);
    expect(recordsOf('deleted customers', { id: 'evt_1' }, AT)).toEqual([]);
  });
});
