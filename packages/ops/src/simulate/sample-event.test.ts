import { StripeEventSchema } from '@payments/core/event';
import { ROUTES } from '@payments/core/routes';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { explain } from '../explain/explain-report.ts';
import { sampleEvent, withValue } from './sample-event.ts';

const world = { now: 1_790_000_000, suffix: 'sim1', livemode: false };

describe('a sample event', () => {
  const EXPIRED = 'checkout.session.expired';

  it.each(Object.keys(ROUTES).filter((type) => type !== EXPIRED))(
    '%s is an event that the road takes and can make something of',
    (type) => {
      const event = sampleEvent(type, world);
      expect(v.safeParse(StripeEventSchema, event).success).toBe(true);
      const { lane, records, notes } = explain(event);
      expect(lane).not.toBeNull();
      const asks = notes.some((note) => note.startsWith('would read GET'));
      expect(records.length > 0 || asks).toBe(true);
      // No value of the sample is one that the row would refuse.
      expect(notes.filter((note) => /left alone|was cut|no e-mail/.test(note))).toEqual([]);
    },
  );

  it('of an expired session changes the row that its metadata names, as in life, and no other', () => {
    const event = sampleEvent(EXPIRED, world);
    expect(explain(event).records).toEqual([]);
    const named = withValue(event, ['data', 'object', 'metadata', 'sf_subscription_id'], 'a0B000000000001AAA');
    expect(explain(named).records).toHaveLength(1);
  });

  it('is about the object and the customer that were asked for', () => {
    const event = sampleEvent('customer.subscription.created', { ...world, objectId: 'sub_9', customerId: 'cus_9' });
    expect(event).toMatchObject({ data: { object: { id: 'sub_9', customer: 'cus_9' } } });
    expect(explain(event).records.map(({ externalId }) => externalId)).toEqual(['cus_9', 'sub_9', 'si_sim1']);
  });

  it('of a type that nobody routes has an object all the same', () =>
    expect(sampleEvent('topup.created', world)).toMatchObject({
      data: { object: { id: 'topu_sim1', object: 'topup' } },
    }));
});

describe('a value that is set', () => {
  const event = { type: 'a.b', data: { object: { status: 'active', items: [1] } } };

  it('replaces what is there and makes what is missing', () => {
    expect(withValue(event, ['data', 'object', 'status'], 'unpaid')).toEqual({
      type: 'a.b',
      data: { object: { status: 'unpaid', items: [1] } },
    });
    expect(withValue(event, ['data', 'previous_attributes', 'status'], null)).toMatchObject({
      data: { object: { status: 'active' }, previous_attributes: { status: null } },
    });
    expect(withValue(event, ['data', 'object', 'items', 'x'], 1)).toMatchObject({
      data: { object: { items: { x: 1 } } },
    });
  });
});
