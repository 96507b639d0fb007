import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DAY } from '../src/stripe/calendar.ts';
import { completeSession, openSession } from '../src/stripe/checkout-session.ts';
import { createCustomer } from '../src/stripe/customer.ts';
import { setBehaviour } from '../src/stripe/payment-method.ts';
import { openShop } from '../src/stripe/shop.ts';
import type { Subscription } from '../src/stripe/subscription.ts';
import {
  expectNothingParked,
  expectSameStory,
  type SmallMachine,
  START_WITHIN_MS,
  startSmall,
  TEST_WITHIN_MS,
} from './small-machine.fixture.ts';

describe('a renewal', { timeout: TEST_WITHIN_MS }, () => {
  let small: SmallMachine;
  let subscription: Subscription;

  beforeAll(async () => {
    // A payment, its charge, its invoice, the invoice's payment: seven events tell of one renewal, here out of order.
    small = await startSmall({ seed: 21, delivery: { duplicateRate: 0.3, reorderWindow: 10 } });
    subscription = subscribe(small);
    await small.still();
  }, START_WITHIN_MS);
  afterAll(() => small.close());

  const transactions = () =>
    [...small.org.org.rows('Payment_Transaction__c')].filter(
      ({ columns }) => columns.Stripe_Subscription__r === subscription.id,
    );
  const invoices = () => [...small.account.invoices()].filter(({ status }) => status === 'paid').map(({ id }) => id);

  it('begins with one transaction for the first payment', () => {
    expectSameStory(small);
    expect(transactions().map(({ columns }) => columns.Stripe_Invoice_ID__c)).toEqual(invoices());
    expect(small.org.org.count('Payment_Transaction__c')).toBe(1);
  });

  it('yields exactly one more transaction, linked to its subscription, its invoice and its customer', async () => {
    const first = new Set(transactions().map(({ id }) => id));
    small.account.advance(33 * DAY);
    await small.still();
    expectSameStory(small);
    expectNothingParked(small);
    const added = transactions().filter(({ id }) => !first.has(id));
    expect(added).toHaveLength(1);
    expect(small.org.org.count('Payment_Transaction__c')).toBe(2);
    expect(added[0]?.columns).toMatchObject({
      Status__c: 'succeeded',
      Amount__c: 19,
      Currency__c: 'USD',
      Stripe_Invoice_ID__c: invoices().at(-1),
      Stripe_Customer__r: subscription.customer,
    });
  });

  it('that fails and recovers is still one transaction, and is told as a failure once per attempt', async () => {
    setBehaviour(small.account.books, subscription.default_payment_method ?? '', 'declines');
    small.account.advance(30 * DAY);
    await small.still();
    setBehaviour(small.account.books, subscription.default_payment_method ?? '', 'pays');
    small.account.advance(14 * DAY);
    await small.still();
    expectSameStory(small);
    expectNothingParked(small);
    expect(transactions().map(({ columns }) => columns.Stripe_Invoice_ID__c)).toEqual(invoices());
    expect(transactions().every(({ columns }) => columns.Status__c === 'succeeded')).toBe(true);
    const attempts = small.account.events().filter(({ type }) => type === 'invoice.payment_failed');
    const told = new Set(small.org.org.platformEvents.map(({ fields }) => fields.Attempt_Count__c));
    expect(attempts.length).toBeGreaterThan(0);
    expect(told).toEqual(new Set(attempts.map(({ data }) => data.object.attempt_count)));
  });
});

function subscribe({ account }: SmallMachine): Subscription {
  const { books } = account;
  const shop = openShop(books);
  const customer = createCustomer(books, { email: 'renewal@example.com', name: 'Renewal' });
  const session = openSession(books, { mode: 'subscription', items: [{ price: shop.basic }], customer: customer.id });
  completeSession(books, session, { type: 'card', behaviour: 'pays', email: 'renewal@example.com', name: 'Renewal' });
  const subscription = books.subscriptions.get(session.subscription ?? '');
  if (subscription === undefined) throw new Error('the session made no subscription');
  return subscription;
}
