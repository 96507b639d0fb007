import { expect, test } from 'vitest';
import { rowNamedIn, sessionOf, unnamed, withRowIds } from './naming.ts';
import type { SalesforceRecord } from './record.ts';

const ROW = 'a0B000000000001AAA';
const subscription = (externalId: string, rowId: string | null = null): SalesforceRecord => ({
  ...{ object: 'Stripe_Subscription__c', externalIdField: 'Stripe_Subscription_ID__c', externalId, rowId },
  ...{ fields: {}, parents: [], owners: {} },
});
const customer: SalesforceRecord = { ...subscription('cus_1'), object: 'Stripe_Customer__c' };
const ours: SalesforceRecord = { ...subscription('x'), externalId: null, rowId: ROW };

test('asked are subscriptions that only Stripe’s id names', () => {
  expect(unnamed([customer, subscription('sub_1'), subscription('sub_2', ROW), ours])).toEqual(['sub_1']);
  expect(sessionOf('sub_1')).toMatchObject({
    path: '/v1/checkout/sessions',
    query: [
      ['subscription', 'sub_1'],
      ['limit', '1'],
    ],
  });
});

test.each([
  ['metadata', { metadata: { sf_subscription_id: ROW } }, ROW],
  ['the reference of a session for a subscription', { mode: 'subscription', client_reference_id: ROW }, ROW],
  ['the reference of a session for a payment', { mode: 'payment', client_reference_id: ROW }, null],
  ['a foreign reference', { mode: 'subscription', client_reference_id: 'order-77' }, null],
])('a session names our row by %s, or does not', (_, session, rowId) => {
  expect(rowNamedIn({ body: { data: [session] } })).toBe(rowId);
});

test('no session names no row', () => {
  expect([rowNamedIn({ body: { data: [] } }), rowNamedIn({ body: null })]).toEqual([null, null]);
});

test('only a subscription without a row is given one', () => {
  const names = new Map([
    ['sub_1', ROW],
    ['sub_2', ROW],
    ['cus_1', ROW],
  ]);
  const before = [customer, subscription('sub_1'), subscription('sub_2', 'a0B000000000002AAA'), ours];
  expect(withRowIds(before, names).map(({ rowId }) => rowId)).toEqual([null, ROW, 'a0B000000000002AAA', ROW]);
});
