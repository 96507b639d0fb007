import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../src/salesforce/clock.ts';
import { createCustomer } from '../src/stripe/customer.ts';
import { attempt, createIntent } from '../src/stripe/payment-intent.ts';
import { createPaymentMethod } from '../src/stripe/payment-method.ts';
import {
  changes,
  expectNothingParked,
  expectSameStory,
  rowsNamed,
  rowsOf,
  type SmallMachine,
  START_WITHIN_MS,
  startSmall,
  TEST_WITHIN_MS,
} from './small-machine.fixture.ts';

const DAILY_CALLS = 20_000;
const DAY_MS = 86_400_000;

describe('when other applications use up the calls of the org', { timeout: TEST_WITHIN_MS }, () => {
  let small: SmallMachine;
  let later = 0;

  beforeAll(async () => {
    const clock = { ...systemClock, now: () => Date.now() + later };
    small = await startSmall({ seed: 53, org: { clock, dailyApiRequests: DAILY_CALLS } });
  }, START_WITHIN_MS);
  afterAll(() => small.close());

  const statusOf = (intent: string) => rowsNamed(small, 'Payment_Transaction__c', intent)[0]?.columns.Status__c;
  const shed = () => small.executions.filter(({ output }) => output?.includes('"outcome":"shed"'));
  const eventsOf = (type: string) => small.account.events().filter((event) => event.type === type);

  it('bulk waits, good news goes with it, trouble is told at once; a day later all of it is there, once', async () => {
    const { books } = small.account;
    const customer = createCustomer(books, { email: 'ada@example.com', name: 'Ada' });
    const [card, empty] = (['pays', 'declines'] as const).map((behaviour) =>
      createPaymentMethod(books, { type: 'card', behaviour, customer: customer.id }),
    );
    if (card === undefined || empty === undefined) throw new Error('no payment methods');
    const intentOf = (amount: number) => createIntent(books, { amount, currency: 'eur', customer: customer.id });
    const trouble = async () => {
      const intent = intentOf(700);
      attempt(books, intent, empty);
      await expect.poll(() => statusOf(intent.id), { timeout: 30_000 }).toBe('requires_payment_method');
    };
    await small.still();
    const { org } = small.org;

    // The answer to one urgent write tells the road how things stand.
    org.otherAppsCalled(Math.ceil(DAILY_CALLS * 0.97) - org.apiCalls().total);
    await trouble();

    const paid = [100, 200, 300].map(intentOf);
    for (const intent of paid) attempt(books, intent, card);
    await expect.poll(() => shed().length, { timeout: 30_000 }).toBe(paid.length);
    await trouble();
    await expect.poll(() => small.buffered(), { timeout: 30_000 }).toBeGreaterThan(0);
    expect(paid.map(({ id }) => statusOf(id))).not.toContain('succeeded');
    expect(shed().every(({ status }) => status === 'SUCCEEDED')).toBe(true);

    later = DAY_MS + 3_600_000;
    await trouble();
    await small.still();
    expect(paid.map(({ id }) => statusOf(id))).toEqual(paid.map(() => 'succeeded'));
    expect(paid.map(({ id }) => rowsNamed(small, 'Payment_Transaction__c', id).length)).toEqual([1, 1, 1]);
    expectSameStory(small);
    expectNothingParked(small);
  });

  it('what was shed is done: a second delivery of it changes nothing', async () => {
    const before = rowsOf(small);
    for (const event of eventsOf('payment_intent.succeeded')) await small.resend(event);
    await small.still();
    expect(changes(before, rowsOf(small))).toEqual([]);
    expect(shed()).toHaveLength(3);
  });
});
