import { typesIn } from '@payments/core/routes';
import { describe, expect, it } from 'vitest';
import { WrongUsage } from '../frame/problem.ts';
import { narrowed, replayPrefix, rulesFor, type Wanted } from './filter.ts';

const wanted = (change: Partial<Wanted> = {}): Wanted => ({ lane: null, types: [], objects: [], ...change });
const rules = (change: Partial<Wanted>) => rulesFor(wanted(change)).map(({ rule }) => rule);
const bulk = JSON.stringify({
  source: ['stripe.webhook'],
  'detail-type': typesIn('bulk'),
  detail: { priority: ['low'] },
});

describe('the rules of a replay', () => {
  it.each([
    [{}, ['payments', 'subscriptions', 'checkout', 'bulk']],
    [{ lane: 'realtime' }, ['payments', 'subscriptions', 'checkout']],
    [{ types: ['price.created'] }, ['bulk']],
    [{ types: ['payment_intent.succeeded', 'price.created'] }, ['payments', 'bulk']],
    // Its content decides, so that either road may have been its.
    [{ types: ['customer.subscription.updated'] }, ['subscriptions', 'bulk']],
    [{ types: ['customer.subscription.updated'], lane: 'bulk' }, ['bulk']],
  ] as const)('%j: %j', (change, expected) => expect(rules(change)).toEqual(expected));
});

describe('a narrowed pattern', () => {
  it('takes events of this replay only, of the wanted types that the lane has', () => {
    const pattern = JSON.parse(narrowed(bulk, wanted({ types: ['price.created', 'invoice.payment_failed'] }), 'r-1'));
    expect(pattern).toEqual({
      source: ['stripe.webhook'],
      'replay-name': ['r-1'],
      'detail-type': ['price.created'],
      detail: { priority: ['low'] },
    });
  });

  it('takes what is about an object, whole or thin, and what refers to it', () => {
    const { detail } = JSON.parse(narrowed(bulk, wanted({ types: ['price.created'], objects: ['sub_1'] }), 'r'));
    expect(detail.priority).toEqual(['low']);
    expect(detail.$or).toContainEqual({ event: { data: { object: { id: ['sub_1'] } } } });
    expect(detail.$or).toContainEqual({ event: { objectId: ['sub_1'] } });
    expect(detail.$or).toContainEqual({ event: { data: { object: { customer: ['sub_1'] } } } });
  });

  it('that EventBridge would not take is refused before anything is made', () => {
    const objects = Array.from({ length: 12 }, (_, n) => `sub_${String(n).padStart(24, '0')}`);
    expect(() => narrowed(bulk, wanted({ objects }), 'r')).toThrow(WrongUsage);
  });
});

describe('the name of a replay', () => {
  const name = (change: Partial<Wanted> = {}, from = '2h') =>
    replayPrefix('payments-test', from, 'now', wanted(change));

  it('is the same for the same arguments, in whatever order, and another for others', () => {
    expect(name({ types: ['a', 'b'] })).toBe(name({ types: ['b', 'a'] }));
    const names = [name(), name({}, '3h'), name({ lane: 'bulk' }), name({ types: ['a'] }), name({ objects: ['a'] })];
    expect(new Set(names).size).toBe(names.length);
  });

  it('fits into what EventBridge allows, with the second of its start', () =>
    expect(`${replayPrefix('p'.repeat(60), '2h', 'now', wanted())}-1795930500`).toMatch(/^[.\-_A-Za-z0-9]{1,64}$/));
});
