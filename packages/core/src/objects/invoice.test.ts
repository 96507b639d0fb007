import { describe, expect, test } from 'vitest';
import { eventOf, recordOf } from '../../test/told.ts';
import type { JsonObject } from '../event.ts';
import { needs } from '../plan.ts';

const SECOND = 1_790_000_000;

describe('an invoice that is read again', () => {
  const event = eventOf('invoice.payment_failed.basil');
  const subscription = (newest: JsonObject | null) =>
    recordOf('Stripe_Subscription__c', event, {
      fetchedAt: SECOND + 5,
      fetched: new Map([
        ['newest_invoice:sub_1', { body: { data: newest === null ? [] : [newest] }, at: SECOND + 6 }],
        ['invoice_payments:in_1', { body: { data: [] }, at: SECOND + 6 }],
      ]),
    });

  test('asks for the newest one of its subscription: it may have been paid long ago', () => {
    expect(needs({ event, fetchedAt: SECOND + 5 })).toContainEqual({
      key: 'newest_invoice:sub_1',
      path: '/v1/invoices',
      query: [
        ['subscription', 'sub_1'],
        ['limit', '1'],
      ],
      why: expect.any(String),
    });
    expect(needs({ event, fetchedAt: null }).map(({ path }) => path)).toEqual(['/v1/invoice_payments']);
  });

  test.each<[string, JsonObject, unknown]>([
    ['a paid one', { id: 'in_2', status: 'paid', attempted: true }, null],
    ['an open one that was never tried', { id: 'in_2', status: 'open', attempted: false }, null],
    ['a voided one', { id: 'in_2', status: 'void', attempted: true }, null],
    [
      'an open one that failed',
      { id: 'in_2', status: 'open', attempted: true, attempt_count: 3 },
      expect.stringContaining('attempt 3'),
    ],
  ])('has the message of %s', (_, newest, message) =>
    expect(subscription(newest)).toMatchObject({
      fields: { Error_Message__c: message },
      owners: { invoice: { version: (SECOND + 6) * 100 + 50, fetched: true } },
    }),
  );

  test('says nothing of the message when Stripe has no invoice any more', () => {
    expect(subscription(null).owners).toEqual({ subscription: { version: 0, fetched: false } });
    expect(subscription(null).fields).toEqual({});
  });
});
