import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunningOrg } from '../salesforce/serve-org.ts';
import { startOrg } from '../salesforce/test-org.ts';
import { createLedger } from './event-ledger.ts';
import { rowsOf } from './event-story.ts';
import { saidIn } from './said.ts';
import { tellingsOf } from './telling.ts';

const EVENT = { stripeEventId: 'evt_1', stripeObjectId: 'sub_1', type: 'customer.subscription.created' };

describe('the rows of an urgent event’s story', () => {
  let running: RunningOrg;
  let customer: string;
  let subscription: string;
  beforeAll(async () => {
    running = await startOrg();
    customer = running.org.insert('Stripe_Customer__c', { Stripe_Customer_ID__c: 'cus_1' });
    subscription = running.org.insert('Stripe_Subscription__c', {
      ...{ Stripe_Subscription_ID__c: 'sub_1', Stripe_Customer__c: customer, Status__c: 'active' },
    });
  });
  afterAll(() => running.close());

  /** The story of an event whose log line says that its call had so many rows. */
  function told(rows: number) {
    const ledger = createLedger();
    const line = { message: 'settled', outcome: 'written', rows, salesforceId: subscription, ...EVENT };
    const said = saidIn(JSON.stringify(line)) ?? expect.fail();
    ledger.add(tellingsOf(said, 1_000));
    const event = ledger.event('evt_1') ?? expect.fail();
    return { ...rowsOf(event, running.org), step: event.steps.at(-1)?.detail };
  }

  it('are as many as its step says: the last row of the call, and its parents', () => {
    expect(told(2)).toEqual({
      rows: [
        { object: 'Stripe_Subscription__c', key: 'sub_1', id: subscription, what: 'written' },
        { object: 'Stripe_Customer__c', key: 'cus_1', id: customer, what: 'its parent' },
      ],
      ...{ unnamed: 0, step: '2 rows' },
    });
  });

  it('without a parent where the call had no other row, and with a count of what has no name', () => {
    expect(told(1)).toMatchObject({ rows: [{ key: 'sub_1' }], unnamed: 0, step: '1 row' });
    const { rows, unnamed, step } = told(4);
    expect([rows.length + unnamed, step]).toEqual([4, '4 rows']);
  });
});
