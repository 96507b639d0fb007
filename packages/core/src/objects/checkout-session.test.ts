import { describe, expect, test } from 'vitest';
import { eventOf, recordOf } from '../../test/told.ts';
import type { JsonObject } from '../event.ts';
import { guard } from '../freshness.ts';
import { ownersOf, type SalesforceRecord } from '../record.ts';

const OBJECT = 'Stripe_Subscription__c';
const SECOND = 1_790_000_000;
const DAY = 86_400;

type Ending = 'completed' | 'expired' | 'async_payment_succeeded' | 'async_payment_failed';

function session(id: string, opened: number, ending: Ending, ended: number, fields: JsonObject = {}): SalesforceRecord {
  const object = { id, created: opened, ...fields };
  return recordOf(OBJECT, eventOf(`checkout.session.${ending}.basil`, { created: ended, object }));
}

/** What the org's guard lets stand of one row, for every order in which the words may come. */
function inEveryOrder(...words: readonly SalesforceRecord[]) {
  return permutations(words).map((order) => {
    const stored: Record<string, unknown> = {};
    for (const word of order) {
      for (const [owner, { versionField, columns }] of ownersOf(OBJECT)) {
        const version = word.owners[owner]?.version ?? 0;
        const known = stored[versionField];
        const said = columns.filter((column) => column in word.fields);
        const changes = said.some((column) => word.fields[column] !== stored[column]);
        const verdict = guard(typeof known === 'number' ? known : null, { version, changes });
        if (version === 0 || verdict !== 'apply') continue;
        for (const column of said) stored[column] = word.fields[column];
        stored[versionField] = version;
      }
    }
    const { Sync_Status__c: status, Stripe_Checkout_Session_ID__c: id, Error_Message__c: message } = stored;
    return { status, id, message };
  });
}

function permutations<Item>(items: readonly Item[]): readonly (readonly Item[])[] {
  if (items.length < 2) return [items];
  return items.flatMap((item, at) =>
    permutations(items.filter((_, other) => other !== at)).map((others) => [item, ...others]),
  );
}

describe('several sessions of one row', () => {
  test('the end of an old link says nothing of a newer one that was paid', () => {
    const old = session('cs_old', SECOND, 'expired', SECOND + DAY);
    const paid = session('cs_new', SECOND + 60, 'completed', SECOND + 600);
    for (const end of inEveryOrder(old, paid))
      expect(end).toEqual({ status: 'Completed', id: 'cs_new', message: null });
  });

  test('what an old link was paid by is not undone by the end of a newer one', () => {
    const paid = session('cs_old', SECOND, 'completed', SECOND + 600);
    const newer = session('cs_new', SECOND + 60, 'expired', SECOND + DAY);
    for (const end of inEveryOrder(paid, newer)) {
      expect(end).toEqual({ status: 'Completed', id: 'cs_old', message: null });
    }
  });

  test('of two links that expired the newer is told, whichever ended first', () => {
    const old = session('cs_old', SECOND, 'expired', SECOND + DAY);
    const newer = session('cs_new', SECOND + 60, 'expired', SECOND + 1_800);
    for (const end of inEveryOrder(old, newer)) expect(end).toMatchObject({ status: 'Failed', id: 'cs_new' });
  });

  test('an old link, a newer one that failed and the newest that was paid', () => {
    const words = [
      session('cs_1', SECOND, 'expired', SECOND + DAY),
      session('cs_2', SECOND + 60, 'completed', SECOND + 120, { payment_status: 'unpaid' }),
      session('cs_2', SECOND + 60, 'async_payment_failed', SECOND + 4 * DAY),
      session('cs_3', SECOND + 5 * DAY, 'completed', SECOND + 5 * DAY + 60),
    ];
    for (const end of inEveryOrder(...words)) expect(end).toEqual({ status: 'Completed', id: 'cs_3', message: null });
  });
});

describe('one session', () => {
  const unpaid = session('cs_1', SECOND, 'completed', SECOND + 60, { payment_status: 'unpaid' });

  test('waits for its debit, and gives way to what becomes of it, even within one second', () => {
    const arrived = session('cs_1', SECOND, 'async_payment_succeeded', SECOND + 60);
    const failed = session('cs_1', SECOND, 'async_payment_failed', SECOND + 60);
    for (const end of inEveryOrder(unpaid, arrived)) expect(end).toMatchObject({ status: 'Completed', message: null });
    for (const end of inEveryOrder(unpaid, failed)) expect(end).toMatchObject({ status: 'Failed' });
  });

  test('lets an invoice of the same second have the message', () => {
    const completed = session('cs_1', SECOND - 60, 'completed', SECOND);
    const failed = recordOf(OBJECT, eventOf('invoice.payment_failed.basil'));
    for (const end of inEveryOrder(completed, failed)) expect(end.message).toEqual(expect.any(String));
  });

  test('that is read again tells what it is now, and no message: that is not its own', () => {
    const record = recordOf(OBJECT, eventOf('checkout.session.completed.basil'), { fetchedAt: SECOND + 9 });
    expect(record.owners).toEqual({
      subscription: { version: 0, fetched: false },
      session: { version: (SECOND + 9) * 100 + 90, fetched: true },
    });
    expect(record.fields).not.toHaveProperty('Error_Message__c');
  });
});
