import { expect, it } from 'vitest';
import type { Line, Search } from '../adapters/logs.ts';
import { outcomeOf } from './outcome.ts';

const line = (from: string, said: Record<string, unknown>): Line => ({ from, at: 1, said });
const claim = (executionName: string, outcome = 'mine') => line('Claim', { executionName, outcome });

const LINES: readonly Line[] = [
  ...[claim('a'), claim('b'), claim('c'), claim('d', 'duplicate'), claim('e', 'shed')],
  line('Settle', { executionName: 'a', outcome: 'written' }),
  line('Settle', { executionName: 'live', outcome: 'written' }),
  line('Park', { executionName: 'b', code: 'X' }),
  line('Aggregate', { stripeEventId: 'evt_1', outcome: 'failed' }),
  line('Aggregate', { stripeEventId: 'evt_1', outcome: 'buffered' }),
  line('Aggregate', { stripeEventId: 'evt_2', outcome: 'dropped' }),
];

it('tells what became of replayed events, and of no others', async () => {
  const searches: Search[] = [];
  const search = async (wanted: Search) => {
    searches.push(wanted);
    return { lines: LINES.filter(({ from }) => wanted.functions.includes(from)), more: false };
  };
  expect(await outcomeOf({ search }, { from: 5, to: 9 })).toEqual({
    realtime: { written: 1, parked: 1, duplicate: 1, shed: 1 },
    bulk: { buffered: 1, dropped: 1 },
    underWay: 1,
    handled: 6,
    more: false,
  });
  expect(searches.every(({ from, to }) => from === 5 && to === 9)).toBe(true);
});
