import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCustomer, updateCustomer } from '../src/stripe/customer.ts';
import { printAsStripe } from '../src/stripe/json.ts';
import { attempt, createIntent } from '../src/stripe/payment-intent.ts';
import { createPaymentMethod } from '../src/stripe/payment-method.ts';
import {
  expectNothingParked,
  expectSameStory,
  rowsNamed,
  type SmallMachine,
  START_WITHIN_MS,
  startSmall,
  TEST_WITHIN_MS,
} from './small-machine.fixture.ts';

/** Step Functions' limit for the input of an execution, bytes. */
const INPUT_LIMIT = 262_144;
const LARGE = { notes: 'ä'.repeat(150_000) };

describe('an event of 300 KB', { timeout: TEST_WITHIN_MS }, () => {
  let small: SmallMachine;

  beforeAll(async () => {
    small = await startSmall({ seed: 17 });
  }, START_WITHIN_MS);
  afterAll(() => small.close());

  const inputsWith = (id: string) => small.executions.filter(({ input }) => input.includes(id));

  it('travels the realtime lane thin, and the payment arrives whole', async () => {
    const { books } = small.account;
    const customer = createCustomer(books, { email: 'large@example.com', name: 'Large' });
    const card = createPaymentMethod(books, { type: 'card', behaviour: 'pays', customer: customer.id });
    const intent = createIntent(books, { amount: 123_456, currency: 'usd', customer: customer.id, metadata: LARGE });
    attempt(books, intent, card);
    await small.still();
    expectSameStory(small);
    expectNothingParked(small);

    const event = small.account.events().find(({ type }) => type === 'payment_intent.succeeded');
    expect(Buffer.byteLength(printAsStripe(event ?? {}))).toBeGreaterThan(300_000);
    const [execution] = inputsWith(event?.id ?? 'none');
    expect(execution?.status).toBe('SUCCEEDED');
    expect(Buffer.byteLength(execution?.input ?? '')).toBeLessThan(INPUT_LIMIT / 100);
    expect(JSON.parse(execution?.input ?? '{}').detail.event).toEqual({
      thin: true,
      id: event?.id,
      type: event?.type,
      created: event?.created,
      livemode: false,
      api_version: event?.api_version,
      objectId: intent.id,
    });
    expect(rowsNamed(small, 'Payment_Transaction__c', intent.id)[0]?.columns.Amount__c).toBe(1234.56);
  });

  it('travels the bulk lane thin as well, and the customer arrives', async () => {
    const { books } = small.account;
    const customer = createCustomer(books, { email: 'before@example.com', name: 'Before' });
    updateCustomer(books, customer, { email: 'after@example.com', name: 'After', metadata: LARGE });
    await small.still();
    expectSameStory(small);
    expectNothingParked(small);
    expect(rowsNamed(small, 'Stripe_Customer__c', customer.id)[0]?.columns).toMatchObject({
      Customer_Email__c: 'after@example.com',
      Customer_Name__c: 'After',
    });
  });
});
