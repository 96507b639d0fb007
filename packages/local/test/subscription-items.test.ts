import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { STORIES } from '../src/stripe/stories.ts';
import {
  changes,
  expectNothingParked,
  expectSameStory,
  rowsOf,
  type SmallMachine,
  START_WITHIN_MS,
  startSmall,
  TEST_WITHIN_MS,
} from './small-machine.fixture.ts';

describe('each item of a subscription is a plan of it', { timeout: TEST_WITHIN_MS }, () => {
  let small: SmallMachine;

  beforeAll(async () => {
    small = await startSmall({ seed: 11, twinRate: 0.25, delivery: { reorderWindow: 20 } });
  }, START_WITHIN_MS);
  afterAll(() => small.close());

  const plans = () =>
    [...small.org.org.rows('Pricing_Plan__c')]
      .filter(({ key }) => key?.startsWith('si_'))
      .map(({ key, columns }) => ({ key, columns }))
      .toSorted((a, b) => Number(b.columns.Active__c) - Number(a.columns.Active__c));

  it('with its price and its seats, and an item that was taken out is active no more', async () => {
    const seats = STORIES.findIndex(({ name }) => name === 'seats come and go');
    await small.live({ customers: 1, firstStory: seats });
    expectSameStory(small);
    expectNothingParked(small);
    const [subscription] = [...small.account.subscriptions()];
    const [item] = subscription?.items.data ?? [];
    const [row] = [...small.org.org.rows('Stripe_Subscription__c')];
    const ofIt = { Stripe_Subscription__c: row?.id };
    expect(plans()).toMatchObject([
      { key: item?.id, columns: { ...ofIt, Stripe_Price_ID__c: item?.price.id, Active__c: true, Quantity__c: 7 } },
      { columns: { ...ofIt, Active__c: false, Usage_Type__c: 'metered', Quantity__c: null } },
    ]);
  });

  it('which an older event does not bring back, though Redis has forgotten everything', async () => {
    const rows = rowsOf(small);
    await small.forgetEverything();
    for (const event of small.account.events().toReversed()) expect((await small.resend(event)).status).toBe(200);
    await small.still();
    expect(changes(rows, rowsOf(small))).toEqual([]);
  });
});
