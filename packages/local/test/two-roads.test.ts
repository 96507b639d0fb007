import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { attempt, createIntent, type PaymentIntent, settleIntent } from '../src/stripe/payment-intent.ts';
import { createPaymentMethod, setBehaviour } from '../src/stripe/payment-method.ts';
import {
  changes,
  expectNothingParked,
  expectSameStory,
  rowsNamed,
  rowsOf,
  type SmallMachine,
  START_WITHIN_MS,
  startSmall,
  TEST_WITHIN_MS,
} from './small-machine.fixture.ts';

/** More rows than this in a flush go by Bulk API 2.0. */
const BULK_ABOVE = 1;
const MINUTE = 60;

/** An older change that lands after a newer one of the realtime lane, when Redis remembers neither: only the guard is left. */
describe('two roads, one row: the older change loses', { timeout: TEST_WITHIN_MS }, () => {
  let small: SmallMachine;

  beforeAll(async () => {
    // The queue's window of five seconds is all that it would wait for.
    small = await startSmall({ seed: 47, settings: { bulkAbove: BULK_ABOVE }, haste: { retries: 1, queues: 8 } });
  }, START_WITHIN_MS);
  afterAll(() => small.close());

  it('by REST composite', async () => {
    const intents = paid(1);
    await small.still();
    const before = batchesSince(0).length;
    await late('payment_intent.payment_failed', intents);
    expect(batchesSince(before)).toEqual([]);
  });

  it('by sObject Collections', async () => {
    const intents = paid(1);
    await small.still();
    const before = batchesSince(0).length;
    await late('payment_intent.processing', intents);
    expect(batchesSince(before)).toMatchObject([{ Transport__c: 'Collections', Rows_Refused__c: 1 }]);
  });

  it('by Bulk API 2.0', async () => {
    const intents = paid(BULK_ABOVE + 3);
    await small.still();
    const before = batchesSince(0).length;
    await late('payment_intent.processing', intents);
    const refused = batchesSince(before).reduce((sum, columns) => sum + Number(columns.Rows_Refused__c), 0);
    expect(refused).toBe(intents.length);
    expect(batchesSince(before)).toContainEqual(expect.objectContaining({ Transport__c: 'Bulk' }));
  });

  /** Declined, then on its way, then paid: two changes of the realtime lane with one of the other lane between them. */
  function paid(count: number): readonly PaymentIntent[] {
    const { account } = small;
    return Array.from({ length: count }, () => {
      const intent = createIntent(account.books, { amount: 1_000, currency: 'eur', customer: null });
      const method = createPaymentMethod(account.books, { type: 'card', behaviour: 'declines', customer: null });
      attempt(account.books, intent, method);
      account.advance(MINUTE);
      setBehaviour(account.books, method.id, 'settles-later');
      attempt(account.books, intent, method);
      account.advance(MINUTE);
      settleIntent(account.books, intent, true);
      return intent;
    });
  }

  async function late(type: string, intents: readonly PaymentIntent[]): Promise<void> {
    const rows = rowsOf(small);
    const refusedWrites = () =>
      intents.flatMap(({ id }) =>
        rowsNamed(small, 'Payment_Transaction__c', id).map((row) => row.columns.Refused_Write__c),
      );
    const refusedBefore = refusedWrites();
    expect(refusedBefore).toHaveLength(intents.length);
    await small.forgetEverything();
    const ids = new Set(intents.map(({ id }) => id));
    const older = small.account
      .events()
      .filter((event) => event.type === type && ids.has(String(event.data.object.id)));
    expect(older).toHaveLength(intents.length);
    await Promise.all(older.map((event) => small.resend(event)));
    await small.still();
    expect(changes(rows, rowsOf(small))).toEqual([]);
    // The write reached Salesforce, and the guard refused it.
    for (const [place, write] of refusedWrites().entries()) {
      expect(write).toEqual(expect.any(String));
      expect(write).not.toBe(refusedBefore[place]);
    }
    expectSameStory(small);
    expectNothingParked(small);
  }

  function batchesSince(count: number): readonly Readonly<Record<string, unknown>>[] {
    return [...small.org.org.rows('Sync_Batch__c')]
      .map(({ columns }) => columns)
      .filter(({ Object__c }) => Object__c === 'Payment_Transaction__c')
      .slice(count);
  }
});
