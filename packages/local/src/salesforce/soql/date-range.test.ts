import { expect, test } from 'vitest';
import { dateRange } from './date-range.ts';

/** A Wednesday. */
const NOW = Date.UTC(2026, 10, 18, 15, 30);
const day = (ms: number) => new Date(ms).toISOString().slice(0, 10);

test.each([
  ['TODAY', 0, '2026-11-18', '2026-11-19'],
  ['YESTERDAY', 0, '2026-11-17', '2026-11-18'],
  ['TOMORROW', 0, '2026-11-19', '2026-11-20'],
  ['LAST_N_DAYS', 7, '2026-11-11', '2026-11-19'],
  ['NEXT_N_DAYS', 7, '2026-11-19', '2026-11-26'],
  ['LAST_90_DAYS', 0, '2026-08-20', '2026-11-19'],
  ['NEXT_90_DAYS', 0, '2026-11-19', '2027-02-17'],
  ['THIS_WEEK', 0, '2026-11-15', '2026-11-22'],
  ['LAST_WEEK', 0, '2026-11-08', '2026-11-15'],
  ['NEXT_MONTH', 0, '2026-12-01', '2027-01-01'],
  ['THIS_QUARTER', 0, '2026-10-01', '2027-01-01'],
  ['LAST_QUARTER', 0, '2026-07-01', '2026-10-01'],
  ['NEXT_YEAR', 0, '2027-01-01', '2028-01-01'],
])('%s:%i is from %s up to %s', (name, n, start, end) => {
  const range = dateRange(name, n, NOW);
  expect([day(range.start), day(range.end)]).toEqual([start, end]);
});
