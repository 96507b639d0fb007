import type { StripeEvent } from '@payments/core/event';
import type { Salesforce } from '@payments/functions/adapters/salesforce';
import type { ExpectedRow, Origin } from '@payments/functions/operations/reconcile/told';
import { describe, expect, it } from 'vitest';
import type { BusEntry } from '../adapters/bus.ts';
import { tellAgain, untilEqual } from './repair.ts';

const event = (type: string): StripeEvent => ({
  ...{ id: 'list_cus_1', object: 'event', type, created: 100, livemode: false, api_version: null },
  data: { object: { id: 'cus_1', name: 'Ada' } },
});

async function told(...origins: readonly Origin[]) {
  const entries: BusEntry[] = [];
  const publish = async (entry: BusEntry) => {
    entries.push(entry);
  };
  await tellAgain(origins, { publish, now: () => new Date(0) });
  return entries.map(({ detail }) => JSON.parse(detail).event);
}

describe('a repair', () => {
  it('tells each state once, by its name alone, so that what is written is read from Stripe then', async () => {
    const origin = { event: event('customer.updated'), isEvent: false };
    const thin = { thin: true, type: 'customer.updated', objectId: 'cus_1', created: 100 };
    expect(await told(origin, origin)).toEqual([expect.objectContaining(thin)]);
  });

  it('tells a deletion whole: Stripe has nothing left that could be read', async () => {
    expect(await told({ event: event('customer.deleted'), isEvent: true })).toMatchObject([
      { type: 'customer.deleted', data: { object: { id: 'cus_1', name: 'Ada' } } },
    ]);
  });

  describe('is over', () => {
    const row = (key: string): ExpectedRow => ({
      ...{ object: 'Stripe_Customer__c', key, created: 1 },
      columns: new Map([
        ['Customer_Name__c', { value: 'Ada', origin: { event: event('customer.updated'), isEvent: false } }],
      ]),
    });
    /** `cus_1` is as it should be at the third look, `cus_2` never. */
    function worldOf(untilMs: number) {
      let [now, looks] = [0, 0];
      const seen: number[] = [];
      const salesforce: Salesforce = async () => {
        looks += 1;
        const records = [
          { Stripe_Customer_ID__c: 'cus_1', Customer_Name__c: looks < 3 ? 'Mallory' : 'Ada' },
          { Stripe_Customer_ID__c: 'cus_2', Customer_Name__c: 'Mallory' },
        ];
        return { status: 200, body: { done: true, records } };
      };
      const sleep = async (ms: number) => {
        now += ms;
      };
      const world = { salesforce, sleep, untilMs, nowMs: () => now, stopped: () => false };
      return { world: { ...world, onLook: (equal: number) => seen.push(equal) }, seen, looks: () => looks };
    }

    it('when every row is as Stripe has it, and not before', async () => {
      const { world, seen, looks } = worldOf(60_000);
      expect(await untilEqual([row('cus_1')], world)).toEqual(new Set(['Stripe_Customer__c cus_1']));
      expect([looks(), seen]).toEqual([3, [0, 0, 1]]);
    });

    it('when its time is, and names only those that are', async () => {
      const { world, looks } = worldOf(20_000);
      const mended = await untilEqual([row('cus_1'), row('cus_2')], world);
      expect([mended, looks()]).toEqual([new Set(['Stripe_Customer__c cus_1']), 5]);
    });
  });
});
