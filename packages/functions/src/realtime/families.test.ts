import { versionOf } from '@payments/core/freshness';
import * as core from '@payments/core/plan';
import type { SalesforceRecord } from '@payments/core/record';
import { describe, expect, it } from 'vitest';
import { EVENT, fails, input, type Org, planner, row, SECOND, UPDATED, world } from '../../test/sync-world.ts';
import type { Part } from './composite.ts';
import type { Planner } from './planned.ts';
import { sync } from './sync.ts';

describe('an event whose parent Salesforce does not take', () => {
  const parent = {
    field: 'Stripe_Customer__c',
    object: 'Stripe_Customer__c',
    externalIdField: 'Stripe_Customer_ID__c',
    externalId: 'cus_1',
  } as const;
  const stub: SalesforceRecord = {
    ...{ object: 'Stripe_Customer__c', externalIdField: 'Stripe_Customer_ID__c', externalId: 'cus_1', rowId: null },
    ...{ fields: {}, parents: [], owners: { customer: { version: 0, fetched: false } } },
  };
  const family = (): Planner => {
    const { plan, ...others } = planner([stub, row({ parents: [parent] })]);
    // What is read of the parent is planned by the real planner.
    return {
      ...others,
      plan: (source, fetched) =>
        (source.event.type.startsWith('customer.subscription') ? plan : core.plan)(source, fetched),
    };
  };
  const isCustomer = (part: Part) => part.url.includes('Stripe_Customer_ID__c');
  const wantsAddress: Org = (part) =>
    isCustomer(part) && typeof part.body?.Customer_Email__c !== 'string'
      ? fails('FIELD_CUSTOM_VALIDATION_EXCEPTION')
      : undefined;
  const CHILD = JSON.stringify({ kind: 'event', eventId: 'evt_1' });
  const customer = (email: string | null) => () => ({
    body: { id: 'cus_1', object: 'customer', name: 'Ada', email },
    at: SECOND + 5,
  });

  it('is written with the real parent, read from Stripe, when an empty one is refused', async () => {
    const { deps, composites, asked } = world({
      planner: family(),
      org: wantsAddress,
      stripe: customer('ada@example.com'),
    });
    expect(await sync(input(), deps)).toMatchObject({ outcome: 'written', calls: 1 });
    expect(asked).toEqual(['/v1/customers/cus_1']);
    expect(composites[1]?.map(({ url }) => url.split('/').at(-2))).toEqual(
      expect.arrayContaining(['Stripe_Customer_ID__c']),
    );
    expect(composites[1]?.[0]?.body).toMatchObject({
      Customer_Email__c: 'ada@example.com',
      Stripe_Version__c: versionOf(SECOND + 5, 'updated'),
    });
  });

  it('waits when that is refused too, asks nobody for a while, and then tries all again', async () => {
    const clock = { ms: SECOND * 1_000 + 60_000 };
    const { deps, composites, waiting, asked } = world({
      planner: family(),
      org: wantsAddress,
      stripe: customer(null),
    });
    const late = { ...deps, nowMs: () => clock.ms };
    await expect(sync(input(), late)).rejects.toMatchObject({ name: 'ParentWait', code: 'PARENT_MISSING' });
    expect(waiting.get(CHILD)).toMatchObject({ parent: 'cus_1', code: 'FIELD_CUSTOM_VALIDATION_EXCEPTION' });
    expect([composites.length, asked.length]).toEqual([2, 1]);
    clock.ms += 4 * 60_000;
    await expect(sync(input(), late)).rejects.toThrow('evt_1 waits for cus_1, which Salesforce does not take: FIELD_');
    expect([composites.length, asked.length]).toEqual([2, 1]);
    clock.ms += 2 * 60_000;
    await expect(sync(input(), late)).rejects.toMatchObject({ name: 'ParentWait' });
    expect([composites.length, asked.length]).toEqual([4, 2]);
  });

  it('goes on at once when its parent came', async () => {
    const { deps, waiting, woken } = world({
      waiting: [[CHILD, { parent: 'cus_1', code: 'X', triedAt: SECOND * 1_000 + 59_000, seen: '' }]],
    });
    await expect(sync(input(), deps)).rejects.toMatchObject({ name: 'ParentWait' });
    const row9 = JSON.stringify({ kind: 'row', object: 'Payment_Transaction__c', key: 'pi_9' });
    waiting.set(row9, { parent: 'cus_1', code: 'X', triedAt: 0, seen: '' });
    const other = {
      ...deps,
      planner: planner([{ ...stub, owners: { customer: { version: UPDATED, fetched: false } } }]),
    };
    await sync(input({ ...EVENT, id: 'evt_parent' }), other);
    expect(woken).toEqual(['Payment_Transaction__c pi_9']);
    expect(await sync(input(), deps)).toMatchObject({ outcome: 'written' });
  });

  it('goes on at once when its parent came between its try and its waiting', async () => {
    let brought = false;
    const org: Org = (part) => (isCustomer(part) && !brought ? fails('FIELD_CUSTOM_VALIDATION_EXCEPTION') : undefined);
    const { deps } = world({ planner: family(), org, stripe: customer(null) });
    const { orphans } = deps;
    const late = {
      ...deps,
      orphans: {
        ...orphans,
        // Somebody else writes the customer, and asks who waits for it before anybody does.
        wait: async (waits: Parameters<typeof orphans.wait>[0]) => {
          if (!brought) {
            brought = true;
            await deps.freshness.remember([{ owner: 'customer', externalId: 'cus_1', version: UPDATED, eventId: 'x' }]);
            expect(await orphans.release(['cus_1'])).toEqual([]);
          }
          await orphans.wait(waits);
        },
      },
    };
    await expect(sync(input(), late)).rejects.toMatchObject({ name: 'ParentWait' });
    expect(await sync(input(), late)).toMatchObject({ outcome: 'written' });
  });

  it('is parked at once when the fault is its own', async () => {
    const org: Org = (part) =>
      part.url.includes('/Stripe_Subscription') && part.method === 'PATCH' ? fails('STRING_TOO_LONG') : undefined;
    const { deps, waiting } = world({ planner: family(), org });
    await expect(sync(input(), deps)).rejects.toMatchObject({ name: 'NeverRetry', code: 'STRING_TOO_LONG' });
    expect(waiting.size).toBe(0);
  });

  it('is tried again like any other when its parent is only locked', async () => {
    const org: Org = (part) => (isCustomer(part) ? fails('UNABLE_TO_LOCK_ROW') : undefined);
    await expect(sync(input(), world({ planner: family(), org }).deps)).rejects.toMatchObject({ name: 'RetryLater' });
  });
});

describe('a subscription that an invoice tells of', () => {
  it('is written as it really is, and with what the invoice says, when that alone is refused', async () => {
    const told = row({
      fields: { Error_Message__c: 'Your card was declined.' },
      owners: { invoice: { version: UPDATED, fetched: false } },
    });
    const payment: SalesforceRecord = {
      ...{ object: 'Payment_Transaction__c', externalIdField: 'Stripe_Payment_Intent_ID__c', externalId: 'pi_1' },
      ...{ rowId: null, fields: { Status__c: 'requires_payment_method' } },
      parents: [
        {
          ...{ field: 'Stripe_Subscription__c', object: 'Stripe_Subscription__c' },
          ...{ externalIdField: 'Stripe_Subscription_ID__c', externalId: 'sub_1' },
        },
      ],
      owners: { payment_intent: { version: UPDATED, fetched: false } },
    };
    const wantsStatus: Org = (part) =>
      part.url.includes('/Stripe_Subscription_ID__c/') && part.body?.Status__c === undefined
        ? fails('FIELD_CUSTOM_VALIDATION_EXCEPTION')
        : undefined;
    const { plan, ...others } = planner([told, payment]);
    const mixed: Planner = {
      ...others,
      plan: (source, fetched) => (source.event.type === 'invoice.payment_failed' ? plan : core.plan)(source, fetched),
    };
    const { deps, composites } = world({
      ...{ planner: mixed, org: wantsStatus },
      stripe: () => ({
        body: {
          ...{ id: 'sub_1', object: 'subscription', status: 'past_due' },
          items: { object: 'list', data: [{ id: 'si_1', price: { id: 'price_1', object: 'price' } }], has_more: false },
        },
        at: SECOND + 5,
      }),
    });
    const failed = { ...EVENT, type: 'invoice.payment_failed', data: { object: { id: 'in_1', object: 'invoice' } } };
    expect(await sync(input(failed), deps)).toMatchObject({ outcome: 'written' });
    expect(composites[1]?.[0]?.body).toMatchObject({
      ...{ Status__c: 'past_due', Stripe_Version__c: versionOf(SECOND + 5, 'updated') },
      ...{ Error_Message__c: 'Your card was declined.', Invoice_Version__c: UPDATED },
    });
    expect(JSON.stringify(composites[1])).not.toContain('Pricing_Plan__c');
  });
});

describe('a subscription with plans of its items', () => {
  const isPlan = (part: Part) => part.url.includes('/Pricing_Plan__c/');
  const isSubscription = (part: Part) => part.url.includes('/Stripe_Subscription_ID__c/');
  const itemPlan: SalesforceRecord = {
    ...{ object: 'Pricing_Plan__c', externalIdField: 'Plan_Key__c', externalId: 'si_1', rowId: null },
    fields: { Active__c: true },
    parents: [
      {
        ...{ field: 'Stripe_Subscription__c', object: 'Stripe_Subscription__c' },
        ...{ externalIdField: 'Stripe_Subscription_ID__c', externalId: 'sub_1' },
      },
    ],
    owners: { price: { version: UPDATED, fetched: false }, product: { version: UPDATED, fetched: false } },
  };
  const withPlan = () => planner([row(), itemPlan]);

  it('is parked at once, with the org’s own reason, when its row is refused: it waits for no parent', async () => {
    const org: Org = (part) => (isSubscription(part) ? fails('FIELD_CUSTOM_VALIDATION_EXCEPTION') : undefined);
    const { deps, waiting, asked } = world({ planner: withPlan(), org });
    await expect(sync(input(), deps)).rejects.toMatchObject({
      ...{ name: 'NeverRetry', code: 'FIELD_CUSTOM_VALIDATION_EXCEPTION' },
    });
    expect([waiting.size, asked]).toEqual([0, []]);
  });

  it('is parked at once also when it is refused after its customer, read from Stripe, was taken', async () => {
    const customer: SalesforceRecord = {
      ...{ object: 'Stripe_Customer__c', externalIdField: 'Stripe_Customer_ID__c', externalId: 'cus_1', rowId: null },
      ...{ fields: {}, parents: [], owners: { customer: { version: 0, fetched: false } } },
    };
    const ofIt = {
      ...({ field: 'Stripe_Customer__c', object: 'Stripe_Customer__c', externalId: 'cus_1' } as const),
      externalIdField: 'Stripe_Customer_ID__c',
    };
    // The first call fails over the empty customer, the second over the subscription.
    const org: Org = (part, call) => {
      if (isSubscription(part) && call > 1) return fails('FIELD_CUSTOM_VALIDATION_EXCEPTION');
      const isEmpty = part.url.includes('/Stripe_Customer_ID__c/') && part.body?.Customer_Email__c === undefined;
      return isEmpty ? fails('REQUIRED_FIELD_MISSING') : undefined;
    };
    const { plan, ...others } = planner([customer, row({ parents: [ofIt] }), itemPlan]);
    const mixed: Planner = {
      ...others,
      plan: (source, fetched) => (source.event.type === EVENT.type ? plan : core.plan)(source, fetched),
    };
    const { deps, waiting } = world({
      ...{ planner: mixed, org },
      stripe: () => ({ body: { id: 'cus_1', object: 'customer', email: 'ada@example.com' }, at: SECOND + 5 }),
    });
    await expect(sync(input(), deps)).rejects.toMatchObject({
      ...{ name: 'NeverRetry', code: 'FIELD_CUSTOM_VALIDATION_EXCEPTION' },
    });
    expect(waiting.size).toBe(0);
  });

  it('is written without them when the org refuses one, and the event is parked for its sake', async () => {
    const org: Org = (part) =>
      isPlan(part) && part.method === 'PATCH' ? fails('FIELD_CUSTOM_VALIDATION_EXCEPTION') : undefined;
    const { deps, composites } = world({ planner: withPlan(), org });
    await expect(sync(input(), deps)).rejects.toMatchObject({
      ...{ name: 'NeverRetry', code: 'FIELD_CUSTOM_VALIDATION_EXCEPTION' },
      message: expect.stringContaining('Pricing_Plan__c si_1'),
    });
    expect(composites.map((parts) => parts.some(isPlan))).toEqual([true, false]);
    expect(composites[1]?.some(isSubscription)).toBe(true);
  });
});
