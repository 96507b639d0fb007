import { expect, test } from 'vitest';
import { type Route, routeOf } from './routes.ts';
import { LOW_VALUE, mayBeShed } from './shedding.ts';

test('only urgent events are shed, and none that starts or ends dunning', () => {
  for (const type of Object.keys(LOW_VALUE)) {
    const route: Route | null = routeOf(type);
    expect([type, route?.priority]).toEqual([type, 'high']);
    expect(mayBeShed(type)).toBe(true);
  }
  for (const type of [
    'invoice.payment_failed',
    'payment_intent.payment_failed',
    'invoice.paid',
    'customer.subscription.deleted',
    'no.such.type',
    'toString',
  ]) {
    expect([type, mayBeShed(type)]).toEqual([type, false]);
  }
});
