import { expect, test } from 'vitest';
import { ROUTES, routeOf, typesIn } from './routes.ts';

test('a type travels one lane, unless its content decides', () => {
  const both = new Set(typesIn('realtime')).intersection(new Set(typesIn('bulk')));
  const byContent = Object.entries(ROUTES).filter(([, route]) => route.priority === 'by-content');
  expect([...both].sort()).toEqual(byContent.map(([type]) => type).sort());
  expect(new Set([...typesIn('realtime'), ...typesIn('bulk')]).size).toBe(Object.keys(ROUTES).length);
});

test('the machines share out the urgent types', () => {
  const shared = (['payments', 'subscriptions', 'checkout'] as const).flatMap((machine) =>
    typesIn('realtime', machine),
  );
  expect([...shared].sort()).toEqual([...typesIn('realtime')].sort());
});

test.each(['payment_intent.failed', 'toString', '__proto__', ''])('%j is not routed', (type) =>
  expect(routeOf(type)).toBeNull(),
);
