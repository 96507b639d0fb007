import { expect, test } from 'vitest';
import { rollUp } from './roll-up.ts';

test.each([
  ['count', 3, 3],
  ['sum', 3, 7],
  ['min', 3, 2],
  ['max', 3, 5],
] as const)('%s leaves empty values out', (operation, details, expected) => {
  expect(rollUp(operation, details, [5, null, 2])).toBe(expected);
});

test('over nothing a count and a sum are 0, the smallest and largest are empty', () => {
  expect([rollUp('count', 0, []), rollUp('sum', 0, []), rollUp('min', 0, []), rollUp('max', 0, [])]).toEqual([
    0,
    0,
    null,
    null,
  ]);
});
