import type { SalesforceRecord } from '@payments/core/record';
import { describe, expect, it } from 'vitest';
import { writeRecords } from './write.ts';

const ROW = 'a01000000000001AAA';

const customer: SalesforceRecord = {
  object: 'Stripe_Customer__c',
  externalIdField: 'Stripe_Customer_ID__c',
  externalId: 'cus_1',
  rowId: ROW,
  fields: { Customer_Name__c: 'Ada' },
  parents: [],
  owners: { customer: { version: 0, fetched: false } },
};

/** An org in which the row that Stripe's metadata names was deleted, and a purse that holds `calls`. */
function worldOf(calls: number) {
  const spent = { calls: 0, requests: 0 };
  return {
    spent,
    version: '66.0',
    acquire: async (ask: { readonly calls: number }) => {
      if (spent.calls + ask.calls > calls) return { granted: false, retryAfterMs: 1_000 };
      spent.calls += ask.calls;
      return { granted: true, retryAfterMs: 0 };
    },
    salesforce: async ({ body }: { readonly body?: unknown }) => {
      spent.requests += 1;
      const parts = (body as { compositeRequest: readonly { referenceId: string }[] }).compositeRequest;
      const said = JSON.stringify(parts).includes(ROW)
        ? { httpStatusCode: 404, body: [{ errorCode: 'ENTITY_IS_DELETED', message: 'entity is deleted' }] }
        : { httpStatusCode: 201, body: { id: 'a00', success: true } };
      return { status: 200, body: { compositeResponse: parts.map(({ referenceId }) => ({ referenceId, ...said })) } };
    },
  };
}

const work = { records: [customer], paymentFailed: null, mark: { writeId: 'evt_1', correlationId: 'c-1' } };

describe('writeRecords', () => {
  it('books a call for each correction as well', async () => {
    const world = worldOf(2);
    expect(await writeRecords(work, world)).toMatchObject({ calls: 2, refusals: [] });
    expect(world.spent).toEqual({ calls: 2, requests: 2 });
  });

  it('waits rather than send a correction that the budget does not hold', async () => {
    const world = worldOf(1);
    await expect(writeRecords(work, world)).rejects.toMatchObject({ name: 'BudgetWait', retryAfterMs: 1_000 });
    expect(world.spent.requests).toBe(1);
  });
});
