import { describe, expect, it } from 'vitest';
import type { StripeReader } from '../../adapters/stripe.ts';
import { idsInFlight } from './in-flight.ts';

const page = (data: readonly object[], has_more: boolean) => ({ body: { object: 'list', data, has_more }, at: 1 });

describe('what is under way', () => {
  it('is every object that a recent event is about, mentions, or told of before', async () => {
    const asked: string[] = [];
    const stripe: StripeReader = async ({ query }) => {
      const after = query.find(([name]) => name === 'starting_after')?.[1];
      asked.push(after ?? 'first');
      if (after !== undefined) return page([{ id: 'evt_1', data: { object: { id: 'cus_9' } } }], false);
      const object = { id: 'sub_1', customer: 'cus_1', items: { data: [{ id: 'si_1' }] } };
      // The item that was taken out is only in what the subscription had before.
      const previous_attributes = { items: { data: [{ id: 'si_1' }, { id: 'si_2' }] } };
      return page([{ id: 'evt_2', data: { object, previous_attributes } }], true);
    };
    const ids = await idsInFlight(1_790_000_000, stripe);
    expect(asked).toEqual(['first', 'evt_2']);
    expect(['sub_1', 'cus_1', 'si_1', 'si_2', 'cus_9'].filter((id) => !ids.has(id))).toEqual([]);
    expect(ids.has('sub_2')).toBe(false);
  });
});
