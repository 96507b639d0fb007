import { describe, expect, it } from 'vitest';
import { rowsToRead, type Seen, settled, toCompareAgain } from './agreement.ts';

const month = (rows: number, latest = '2026-11-20T10:00:00.000+0000') => ({ rows, latest });
const AGREED: Seen = {
  rows: { Stripe_Customer__c: { '2026-10': month(40), '2026-11': month(10) } },
  lists: { customers: { '2026-10': { objects: 41, hash: 'a' }, '2026-11': { objects: 9, hash: 'b' } } },
  told: { Stripe_Customer__c: 50 },
};
const rows = (of: Seen['rows'][string]) => ({ ...AGREED, rows: { Stripe_Customer__c: of } });

describe('what agreed before', () => {
  it('is not compared again while both sides are as they were', () => {
    expect(toCompareAgain(AGREED, AGREED)).toBeNull();
  });

  it('is all compared the first time', () => {
    const again = toCompareAgain(null, AGREED);
    expect([again?.rows, again?.lists]).toEqual([
      new Map([['Stripe_Customer__c', null]]),
      new Map([['customers', ['2026-10', '2026-11']]]),
    ]);
  });

  it('is compared in the month in which somebody changed a row of Salesforce', () => {
    const now = rows({ '2026-10': month(40, '2026-11-28T23:00:00.000+0000'), '2026-11': month(10) });
    const again = toCompareAgain(AGREED, now);
    expect(again).toEqual({ rows: new Map([['Stripe_Customer__c', ['2026-10']]]), lists: new Map() });
    expect(again === null ? 0 : rowsToRead(again, now)).toBe(40);
  });

  it('is compared in the month in which Stripe says something else, though no row has changed', () => {
    const lists = { customers: { ...AGREED.lists.customers, '2026-11': { objects: 9, hash: 'c' } } };
    expect(toCompareAgain(AGREED, { ...AGREED, lists })).toEqual({
      rows: new Map(),
      lists: new Map([['customers', ['2026-11']]]),
    });
  });

  it('is all compared when a row is gone, for nobody can tell which', () => {
    const again = toCompareAgain(AGREED, rows({ '2026-10': month(39), '2026-11': month(10) }));
    expect(again?.rows).toEqual(new Map([['Stripe_Customer__c', null]]));
  });

  it('is compared only where both sides have grown by the same', () => {
    const now: Seen = {
      rows: { Stripe_Customer__c: { ...AGREED.rows.Stripe_Customer__c, '2026-12': month(3) } },
      lists: { customers: { ...AGREED.lists.customers, '2026-12': { objects: 3, hash: 'd' } } },
      told: { Stripe_Customer__c: 53 },
    };
    expect(toCompareAgain(AGREED, now)).toEqual({
      rows: new Map([['Stripe_Customer__c', ['2026-12']]]),
      lists: new Map([['customers', ['2026-12']]]),
    });
  });

  it('is not relied on where a row was changed in the last minutes before it was counted', () => {
    const at = Date.parse('2026-11-20T10:03:00Z');
    const kept = settled(AGREED, at);
    expect(toCompareAgain(kept, AGREED)?.rows).toEqual(new Map([['Stripe_Customer__c', ['2026-10', '2026-11']]]));
    expect(toCompareAgain(settled(AGREED, at + 600_000), AGREED)).toBeNull();
  });
});
