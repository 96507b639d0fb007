import { expect, test } from 'vitest';
import type { StripeEvent } from './event.ts';
import { changeName } from './twin.ts';

const EVENT: StripeEvent = {
  id: 'evt_1',
  object: 'event',
  type: 'customer.updated',
  created: 1_790_000_000,
  livemode: false,
  api_version: '2026-10-28.endive',
  data: { object: { id: 'cus_1', name: 'Ada' }, previous_attributes: { name: 'A.' } },
};

test('twins have one name: they differ in their ids alone', () => {
  const name = changeName(EVENT);
  expect(name).toMatch(/^twin_[0-9a-f]{28}$/);
  expect(changeName({ ...EVENT, id: 'evt_2' })).toBe(name);
});

test.each<[string, Partial<StripeEvent>]>([
  ['another second', { created: EVENT.created + 1 }],
  ['another type', { type: 'customer.created' }],
  ['another mode', { livemode: true }],
  ['another object', { data: { ...EVENT.data, object: { id: 'cus_2', name: 'Ada' } } }],
  ['another state', { data: { ...EVENT.data, object: { id: 'cus_1', name: 'Ada L.' } } }],
  ['another state before', { data: { ...EVENT.data, previous_attributes: { name: 'B.' } } }],
  ['no state before', { data: { object: EVENT.data.object } }],
])('%s is another change', (_, other) => expect(changeName({ ...EVENT, ...other })).not.toBe(changeName(EVENT)));

test('a thin entry does not tell', () => {
  const { id, type, created, livemode, api_version } = EVENT;
  expect(changeName({ thin: true, id, type, created, livemode, api_version, objectId: 'cus_1' })).toBeNull();
});
