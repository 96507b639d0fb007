import { expect, test } from 'vitest';
import { smooth } from './smooth.ts';

test('each point is the mean of itself and those before it', () => {
  expect(smooth([10, 0, 0, 10, 0, 0], 3)).toEqual([3.333, 3.333, 3.333, 3.333, 3.333, 3.333]);
});

test('fewer points than the window are their own mean; none are none', () => {
  expect(smooth([4, 2], 15)).toEqual([3, 3]);
  expect(smooth([], 15)).toEqual([]);
});
