import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCustomer } from '../src/stripe/customer.ts';
import { attempt, createIntent } from '../src/stripe/payment-intent.ts';
import { createPaymentMethod } from '../src/stripe/payment-method.ts';
import { createPrice } from '../src/stripe/price.ts';
import { createProduct } from '../src/stripe/product.ts';
import {
  expectSameStory,
  failedEvents,
  rowsNamed,
  type SmallMachine,
  START_WITHIN_MS,
  startSmall,
  TEST_WITHIN_MS,
} from './small-machine.fixture.ts';

const REFUSED = [{ errorCode: 'FIELD_CUSTOM_VALIDATION_EXCEPTION', message: 'Ada Lind is on the list', fields: [] }];

describe('one row that Salesforce refuses for ever', { timeout: TEST_WITHIN_MS }, () => {
  let small: SmallMachine;

  beforeAll(async () => {
    small = await startSmall({ seed: 23 });
  }, START_WITHIN_MS);
  afterAll(() => small.close());

  const failures = () => [...small.org.org.rows('Sync_Failure__c')].map(({ columns }) => columns);
  const different = () => small.judge().differences.map(({ object, key }) => `${object} ${key}`);

  it('in the realtime lane is parked for people, while its neighbours arrive', async () => {
    const { books } = small.account;
    const customer = createCustomer(books, { email: 'poison@example.com', name: 'Poison' });
    const card = createPaymentMethod(books, { type: 'card', behaviour: 'pays', customer: customer.id });
    const intents = [100, 200, 300].map((amount) =>
      createIntent(books, { amount, currency: 'eur', customer: customer.id }),
    );
    const poisoned = intents[1]?.id ?? '';
    small.org.org.fault({
      // The key column tells the write of the row from the account of its failure.
      match: { urlRegex: '/composite', object: 'Stripe_Payment_Intent_ID__c', externalId: poisoned },
      effect: { status: 400, body: REFUSED },
    });
    for (const intent of intents) attempt(books, intent, card);
    await small.still();

    expect(new Set(different())).toEqual(new Set([`Payment_Transaction__c ${poisoned}`]));
    expect(failedEvents(small)).toHaveLength(1);
    const event = small.account
      .events()
      .find(({ type, data }) => type === 'payment_intent.succeeded' && data.object.id === poisoned);
    expect(failures()).toEqual([
      expect.objectContaining({
        Source__c: 'realtime',
        Status__c: 'Open',
        Category__c: 'Business',
        Code__c: 'FIELD_CUSTOM_VALIDATION_EXCEPTION',
        Stripe_Event_ID__c: event?.id,
        Stripe_Object_ID__c: poisoned,
        Attempts__c: 1,
      }),
      expect.objectContaining({ Source__c: 'bulk', Status__c: 'Open', Stripe_Object_ID__c: poisoned }),
    ]);
    expect(JSON.stringify(failures())).not.toContain('Ada Lind');
  });

  it('arrives once its cause is gone and its event is tried again', async () => {
    small.org.org.clearFaults();
    const parked = small.executions.find(({ status, input }) => status === 'FAILED' && input.includes('"detail-type"'));
    small.road.machines.start(parked?.machineArn ?? '', parked?.input ?? '');
    // The charge's event travelled the bulk lane: it is sent again, as `replay` does from the archive.
    for (const event of small.account.events().filter(({ type }) => type === 'charge.succeeded'))
      await small.resend(event);
    await small.still();
    expectSameStory(small);
  });

  it('in the bulk lane is parked, while the rows of the same batch arrive', async () => {
    const before = failures().length;
    const { books } = small.account;
    const product = createProduct(books, { name: 'Tiers' }).id;
    const tiered = (nickname: string, upTo: readonly number[]) =>
      createPrice(books, {
        product,
        currency: 'usd',
        unitAmount: null,
        recurring: { interval: 'month' },
        nickname,
        tiers: {
          mode: 'graduated',
          steps: [...upTo.map((at) => ({ upTo: at, unit: '100' })), { upTo: null, unit: '90' }],
        },
      });
    tiered('Good', [10, 20]);
    // The org's own validation rule refuses a tier that ends before it begins.
    const bad = tiered('Bad', [10, 5]);
    tiered('Also good', [5, 50]);
    await small.still();
    expect(new Set(different())).toEqual(new Set([`Pricing_Tier__c ${bad.id}:2`]));
    expect(rowsNamed(small, 'Pricing_Tier__c', `${bad.id}:3`)).toHaveLength(1);
    expect(failures()).toHaveLength(before + 1);
    expect(failures().at(-1)).toMatchObject({
      Source__c: 'bulk',
      Category__c: 'Business',
      Code__c: 'FIELD_CUSTOM_VALIDATION_EXCEPTION',
      Stripe_Object_ID__c: `${bad.id}:2`,
    });
    expect(await small.buffered()).toBe(0);
  });
});
