import { expect, test } from 'vitest';
import { columnsOf, OWNED_COLUMNS, parseWriteMark, type SalesforceRecord, writeMark } from './record.ts';

test('no column has two owners', () => {
  for (const [object, owners] of Object.entries(OWNED_COLUMNS)) {
    const columns = Object.values(owners).flatMap((owned: { columns: readonly string[]; versionField: string }) => [
      owned.versionField,
      ...owned.columns,
    ]);
    expect(new Set(columns).size, object).toBe(columns.length);
  }
});

test('a write mark is read back', () => {
  const mark = { writeId: 'evt_1', fetchedOwners: ['invoice', 'charge'] as const, correlationId: 'abc' };
  expect(parseWriteMark(writeMark(mark))).toEqual(mark);
  expect(parseWriteMark('evt_1;nobody;x').fetchedOwners).toEqual([]);
  expect(writeMark({ ...mark, writeId: 'x'.repeat(300) })).toHaveLength(255);
});

test('a write carries a version per owner that speaks, and the mark', () => {
  const record: SalesforceRecord = {
    object: 'Payment_Transaction__c',
    externalIdField: 'Stripe_Payment_Intent_ID__c',
    externalId: 'pi_1',
    rowId: null,
    fields: { Amount_Refunded__c: '1' },
    parents: [],
    owners: { charge: { version: 7, fetched: true }, payment_intent: { version: 0, fetched: false } },
  };
  expect(columnsOf(record, { writeId: 'evt_1', correlationId: 'c' })).toEqual({
    Amount_Refunded__c: '1',
    Charge_Version__c: 7,
    Stripe_Version__c: 0,
    Stripe_Write__c: 'evt_1;charge;c',
  });
});

test('an object without versions carries neither', () => {
  const tier: SalesforceRecord = {
    object: 'Pricing_Tier__c',
    externalIdField: 'Tier_Key__c',
    externalId: 'p:1',
    rowId: null,
    fields: { Name: 'Tier 1' },
    parents: [],
    owners: {},
  };
  expect(columnsOf(tier, { writeId: 'evt_1', correlationId: 'c' })).toEqual({ Name: 'Tier 1' });
});
