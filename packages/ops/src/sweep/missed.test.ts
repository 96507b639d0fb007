import type { StripeEvent } from '@payments/core/event';
import { ROUTES } from '@payments/core/routes';
import { describe, expect, it } from 'vitest';
import { entryOf, missedEvents } from './missed.ts';

const event = (id: string, type = 'customer.updated'): StripeEvent => ({
  ...{ id, object: 'event', type, created: 100, livemode: false, api_version: null },
  data: { object: { id: 'cus_1' } },
});

describe('missed events', () => {
  const interval = { from: 0, to: 200, receivedFrom: 0, onlyUndelivered: false };
  type Query = readonly (readonly [string, string])[];
  const typesIn = (query: Query) => query.flatMap(([name, value]) => (name === 'types[]' ? [value] : []));
  const asked: Query[] = [];
  const worldOf = (events: readonly StripeEvent[], logged: readonly string[]) => ({
    stripe: async ({ query }: { query: Query }) => {
      asked.push(query);
      return { body: { data: events.filter(({ type }) => typesIn(query).includes(type)), has_more: false }, at: 300 };
    },
    accepted: {
      async *idsBetween() {
        yield logged;
      },
    },
    ...{ nowMs: () => 1, sleep: async () => {}, stopped: () => false, onProgress: () => {} },
  });

  it('are those of a routed type that nobody has logged, and tell whether Stripe could not deliver them', async () => {
    const events = [
      event('evt_1'),
      { ...event('evt_2'), pending_webhooks: 1 },
      event('evt_3'),
      event('evt_4', 'payout.paid'),
    ];
    const { listed, missed } = await missedEvents(interval, worldOf(events, ['evt_1']));
    expect(listed).toBe(3);
    expect(missed.map((each) => [each.event.id, each.undelivered])).toEqual([
      ['evt_2', true],
      ['evt_3', false],
    ]);
  });

  it('are asked for by no more types at once than Stripe takes, all of the routed ones', async () => {
    asked.length = 0;
    await missedEvents({ ...interval, onlyUndelivered: true }, worldOf([], []));
    expect(asked.flatMap(typesIn).sort()).toEqual(Object.keys(ROUTES).sort());
    for (const query of asked) {
      expect(typesIn(query).length).toBeLessThanOrEqual(20);
      expect(query).toContainEqual(['delivery_success', 'false']);
    }
  });

  it('are published as the ingress publishes: with lane and priority, and thin when too large', () => {
    const now = new Date(0);
    const small = JSON.parse(entryOf(event('evt_1', 'customer.subscription.deleted'), now).detail);
    expect(small).toMatchObject({
      priority: 'high',
      lane: 'realtime',
      event: { id: 'evt_1', data: { object: { id: 'cus_1' } } },
    });
    const huge = { ...event('evt_2'), data: { object: { id: 'cus_1', text: 'x'.repeat(250_000) } } };
    expect(JSON.parse(entryOf(huge, now).detail).event).toEqual({
      ...{ thin: true, id: 'evt_2', type: 'customer.updated', created: 100, livemode: false },
      ...{ api_version: null, objectId: 'cus_1' },
    });
  });
});
