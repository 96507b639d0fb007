import { describe, expect, it } from 'vitest';
import { differencesOf } from './compare.ts';
import type { ExpectedRow } from './told.ts';

const origin = {
  isEvent: false,
  event: {
    ...({ id: 'list_pi_1', object: 'event', type: 'payment_intent.processing', created: 1, livemode: false } as const),
    ...{ api_version: null, data: { object: { id: 'pi_1' } } },
  },
};
const expected = (columns: Readonly<Record<string, string | number | boolean | null>>): ExpectedRow => ({
  ...{ object: 'Payment_Transaction__c', key: 'pi_1', created: 1 },
  columns: new Map(Object.entries(columns).map(([column, value]) => [column, { value, origin }])),
});
const columnsThatDiffer = (stripe: Parameters<typeof expected>[0], salesforce: Readonly<Record<string, unknown>>) =>
  differencesOf(expected(stripe), { key: 'pi_1', columns: new Map(Object.entries(salesforce)) }).map(
    ({ column }) => column,
  );

describe('comparing a row', () => {
  it('names the row that is missing', () => {
    expect(differencesOf(expected({}), undefined)).toMatchObject([{ kind: 'missing', key: 'pi_1', column: null }]);
  });

  it.each([
    ['an amount', { Amount__c: '10.50' }, { Amount__c: 10.5 }],
    ['an instant', { Trial_End__c: '2026-11-23T07:24:10.000Z' }, { Trial_End__c: '2026-11-23T07:24:10.000+0000' }],
    ['an unchecked box and none', { Deleted_In_Stripe__c: false }, { Deleted_In_Stripe__c: null }],
    ['a column that was never set and null', { Failure_Code__c: null }, {}],
    [
      'two wordings of one failure',
      { Error_Message__c: 'The payment failed (attempt 2).' },
      { Error_Message__c: 'Declined.' },
    ],
    ['a column that Stripe says nothing of', {}, { Name: 'mine' }],
  ])('finds %s equal', (_, stripe, salesforce) => expect(columnsThatDiffer(stripe, salesforce)).toEqual([]));

  it.each([
    ['an amount', { Amount__c: '10.50' }, { Amount__c: 10.05 }],
    ['a long number', { Amount__c: '90071992547409.931' }, { Amount__c: 90071992547409.9 }],
    ['a message that should be gone', { Error_Message__c: null }, { Error_Message__c: 'Declined.' }],
    [
      'a parent',
      { 'Stripe_Customer__r.Stripe_Customer_ID__c': 'cus_1' },
      { 'Stripe_Customer__r.Stripe_Customer_ID__c': 'cus_2' },
    ],
    ['an id in another case', { Stripe_Invoice_ID__c: 'in_a' }, { Stripe_Invoice_ID__c: 'in_A' }],
  ])('finds %s different', (_, stripe, salesforce) => {
    expect(columnsThatDiffer(stripe, salesforce)).toEqual(Object.keys(stripe));
  });
});
