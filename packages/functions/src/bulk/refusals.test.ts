import { describe, expect, it } from 'vitest';
import { refusedRows } from './refusals.ts';

describe('refusedRows', () => {
  it('reads every page, and finds a row by its external id and by its Salesforce id', async () => {
    const row = (n: number) => ({
      Id: `a0000000000000${n}AAA`,
      Stripe_Customer_ID__c: `cus_${n}`,
      Stripe_Version__c: n,
    });
    const asked: string[] = [];
    const rows = await refusedRows('Stripe_Customer__c', 'Stripe_Customer_ID__c', 'batch_1', async ({ path }) => {
      asked.push(decodeURIComponent(path));
      const body = path.startsWith('/query?')
        ? { done: false, nextRecordsUrl: '/services/data/v66.0/query/01g000000000001-2000', records: [row(1)] }
        : { done: true, records: [row(2)] };
      return { status: 200, body };
    });
    expect(asked).toEqual([
      "/query?q=SELECT Id, Stripe_Customer_ID__c, Stripe_Version__c FROM Stripe_Customer__c WHERE Refused_Write__c = 'batch_1'",
      '/query/01g000000000001-2000',
    ]);
    expect(rows.get('cus_1')?.versions.Stripe_Version__c).toBe(1);
    expect(rows.get('cus_2')?.versions.Stripe_Version__c).toBe(2);
    expect(rows.get('a00000000000002')?.salesforceId).toBe('a00000000000002AAA');
  });

  it('asks nothing about an object without versions', async () => {
    const rows = await refusedRows('Pricing_Tier__c', 'Tier_Key__c', 'batch_1', () =>
      Promise.reject(new Error('asked')),
    );
    expect(rows.size).toBe(0);
  });
});
