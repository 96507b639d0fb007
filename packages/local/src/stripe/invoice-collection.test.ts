import { expect, test } from 'vitest';
import { customerAndPrice, type Served, withStripe } from './api.fixture.ts';

/** A subscription whose first payment waits for the customer, and the PaymentIntent of its invoice. */
async function waiting({ stripe }: Served) {
  const { customer, basic } = await customerAndPrice(stripe);
  const subscription = await stripe.subscriptions.create({
    customer: customer.id,
    items: [{ price: basic.id }],
    payment_behavior: 'default_incomplete',
  });
  const invoice = String(subscription.latest_invoice);
  const { data } = await stripe.invoicePayments.list({ invoice });
  const intent = String(data[0]?.payment.payment_intent);
  const now = async () => ({
    subscription: (await stripe.subscriptions.retrieve(subscription.id)).status,
    invoice: (await stripe.invoices.retrieve(invoice)).status,
  });
  return { intent, now };
}

const customerDoes = (url: string, intent: string, succeeds: boolean) =>
  fetch(`${url}/__fake/payment_intents/${intent}/authenticate`, {
    method: 'POST',
    body: JSON.stringify({ succeeds }),
  });

test('confirming the PaymentIntent of an invoice pays the invoice and starts its subscription', () =>
  withStripe(async (served) => {
    const { intent, now } = await waiting(served);
    served.told();
    await served.stripe.paymentIntents.confirm(intent, { payment_method: 'pm_card_visa' });
    expect(await now()).toEqual({ subscription: 'active', invoice: 'paid' });
    expect(served.told()).toEqual(
      expect.arrayContaining([
        'payment_intent.succeeded',
        'invoice.paid',
        'invoice_payment.paid',
        'customer.subscription.updated',
      ]),
    );
  }));

test('a declined confirmation counts as an attempt of the invoice, and the next may pay it', () =>
  withStripe(async (served) => {
    const { intent, now } = await waiting(served);
    served.told();
    await expect(
      served.stripe.paymentIntents.confirm(intent, { payment_method: 'pm_card_chargeDeclined' }),
    ).rejects.toMatchObject({ statusCode: 402, payment_intent: { id: intent } });
    expect(served.told()).toEqual(expect.arrayContaining(['payment_intent.payment_failed', 'invoice.payment_failed']));
    expect(await now()).toEqual({ subscription: 'incomplete', invoice: 'open' });
    await served.stripe.paymentIntents.confirm(intent, { payment_method: 'pm_card_visa' });
    expect(await now()).toEqual({ subscription: 'active', invoice: 'paid' });
  }));

test('a payment that asks for the customer is settled by what the customer does', () =>
  withStripe(async (served) => {
    const { intent, now } = await waiting(served);
    const ask = () =>
      served.stripe.paymentIntents.confirm(intent, { payment_method: 'pm_card_authenticationRequired' });
    expect((await ask()).status).toBe('requires_action');
    expect(await (await customerDoes(served.url, intent, false)).json()).toEqual({ outcome: 'failed' });
    expect(await now()).toEqual({ subscription: 'incomplete', invoice: 'open' });
    await ask();
    expect(await (await customerDoes(served.url, intent, true)).json()).toEqual({ outcome: 'succeeded' });
    expect(await now()).toEqual({ subscription: 'active', invoice: 'paid' });
    // Nothing is asked any more.
    expect(await (await customerDoes(served.url, intent, true)).json()).toEqual({ outcome: 'failed' });
    expect((await customerDoes(served.url, 'pi_none', true)).status).toBe(404);
  }));

test('a debit that confirms an invoice is trusted while it is under way, and its return is a failed payment', () =>
  withStripe(async (served) => {
    const { intent, now } = await waiting(served);
    served.told();
    await served.stripe.paymentIntents.confirm(intent, { payment_method: 'pm_usBankAccount_debitNotAuthorized' });
    const told = served.told();
    const order = ['payment_intent.processing', 'customer.subscription.updated', 'invoice.payment_failed'];
    expect(told.filter((type) => order.includes(type)).slice(0, 3)).toEqual(order);
    expect(await now()).toEqual({ subscription: 'past_due', invoice: 'open' });
  }));
