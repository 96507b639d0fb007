import { expect, test } from 'vitest';
import { hashOf, type Route, routeOf } from './routes.ts';

const ROUTES: readonly Route[] = [
  { view: 'road' },
  { view: 'events', search: 'invoice & co', lane: 'bulk', outcome: 'under way' },
  { view: 'events', search: '', lane: '', outcome: '' },
  { view: 'event', id: 'evt_1/2?3#4' },
  { view: 'batches' },
  { view: 'rows', object: 'Stripe_Customer__c', search: 'ada' },
  { view: 'rows', object: '', search: '' },
  { view: 'row', object: 'Stripe_Customer__c', id: 'a01' },
  { view: 'letters' },
  { view: 'replays' },
];

test.each(ROUTES)('$view: what an address says is what it was made of', (route) => {
  expect(routeOf(hashOf(route))).toEqual(route);
});

test('an address that nobody knows is the road, and a broken one breaks nothing', () => {
  expect(routeOf('#/nonsense/here')).toEqual({ view: 'road' });
  expect(routeOf('')).toEqual({ view: 'road' });
  expect(routeOf('#/events/%E0%A4%A')).toEqual({ view: 'event', id: '%E0%A4%A' });
});
