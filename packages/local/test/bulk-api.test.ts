import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCustomer, updateCustomer } from '../src/stripe/customer.ts';
import {
  expectNothingParked,
  expectSameStory,
  type SmallMachine,
  START_WITHIN_MS,
  startSmall,
  TEST_WITHIN_MS,
} from './small-machine.fixture.ts';

/** Texts that mean something to CSV, to Salesforce or to a spreadsheet. */
const HOSTILE = [
  'Comma, "Quote" & Sons',
  '=HYPERLINK("https://evil.example","click")',
  "Robert'); DROP TABLE Students;--",
  '<img src=x onerror=alert(1)>',
  '\u202egnp.exe',
  '株式会社 🦊 Ünïcödé',
  '""',
  ',',
  '{!$Api.Session_ID}',
];

describe('everything by Bulk API 2.0', { timeout: TEST_WITHIN_MS }, () => {
  let small: SmallMachine;

  beforeAll(async () => {
    small = await startSmall({
      seed: 19,
      settings: { bulkAbove: 0 },
      delivery: { duplicateRate: 0.1, reorderWindow: 8 },
    });
  }, START_WITHIN_MS);
  afterAll(() => small.close());

  const batches = () => [...small.org.org.rows('Sync_Batch__c')];

  it('tells the same story, hostile names included', async () => {
    for (const name of HOSTILE) {
      const customer = createCustomer(small.account.books, { email: 'hostile@example.com', name: 'A plain name' });
      updateCustomer(small.account.books, customer, { name });
    }
    small.org.org.preset({ preset: 'shuffleResults', on: true });
    await small.live({ customers: 3 });
    expectSameStory(small);
    expectNothingParked(small);
  });

  it('has used jobs for the rows, and wrote an account of each', () => {
    const byBulk = batches().filter(({ columns }) => columns.Transport__c === 'Bulk');
    expect(byBulk.length).toBeGreaterThanOrEqual(4);
    for (const { columns } of byBulk) {
      expect(columns.Job_ID__c).toMatch(/^750\w{15}$/);
      expect(columns.Rows_Failed__c).toBe(0);
    }
    expect(small.org.org.apiCalls().byKind.bulkIngest).toBeGreaterThan(0);
  });

  it('survives a job that fails half way, one that is aborted, and one row that is not ready', async () => {
    const { org } = small.org;
    const { books } = small.account;
    const customers = Array.from({ length: 8 }, (_, n) =>
      createCustomer(books, { email: `job${n}@example.com`, name: `Job ${n}` }),
    );
    const locked = customers[3]?.id ?? '';
    org.preset({
      preset: 'jobFail',
      object: 'Stripe_Customer__c',
      errorMessage: 'InternalServerError: try',
      rowsFirst: 3,
    });
    org.preset({ preset: 'jobAbort', object: 'Stripe_Customer__c', rowsFirst: 1 });
    org.preset({
      preset: 'partialFailures',
      object: 'Stripe_Customer__c',
      rows: { [locked]: { code: 'UNABLE_TO_LOCK_ROW', message: 'unable to obtain exclusive access to this record' } },
    });
    await small.still();
    expectSameStory(small);
    expectNothingParked(small);
    expect(batches().some(({ columns }) => Number(columns.Rows_Failed__c) > 0)).toBe(true);
  });
});
