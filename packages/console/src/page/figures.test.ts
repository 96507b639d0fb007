import { describe, expect, test } from 'vitest';
import { age, ago, count, counted, percent, took } from './figures.ts';

describe('numbers and times for people', () => {
  test.each([
    [0, '0 ms'],
    [48.4, '48 ms'],
    [999, '999 ms'],
    [2_100, '2.1 s'],
    [9_960, '10 s'],
    [59_499, '59 s'],
    [59_600, '1 min'],
    [200_000, '3 min 20 s'],
    [3_600_000, '1 h'],
    [7_500_000, '2 h 5 min'],
    [90_000_000, '1 d 1 h'],
  ])('%d ms took %s', (ms, text) => {
    expect(took(ms)).toBe(text);
  });

  test('an age has one unit, and the future is now', () => {
    expect([0, 12_900, 200_000, 7_500_000, 400_000_000].map(age)).toEqual(['now', '12 s', '3 min', '2 h', '4 d']);
    expect(ago(5_000, 4_000)).toBe('now');
    expect(ago(4_000, 16_000)).toBe('12 s ago');
  });

  test('a count stays short', () => {
    expect([0, 12_345, 1_234_567].map(count)).toEqual(['0', '12,345', '1.2M']);
    expect([counted(1, 'row'), counted(2, 'match', 'matches')]).toEqual(['1 row', '2 matches']);
  });

  test('a percentage says neither nothing nor all of what is only nearly so', () => {
    expect([percent(0, 10), percent(1, 1_000), percent(999, 1_000), percent(10, 10), percent(1, 0)]).toEqual([
      0, 1, 99, 100, 0,
    ]);
  });
});
