import { expect, it } from 'vitest';
import { figuresOf } from './ledger.ts';

const injection = (number: number, fault: string) => ({ number, fault, at: 1, what: '' });

it('counts strikes, different events, and the time from the last strike until each had settled', () => {
  const settled = new Map([
    ['evt_1', 1_500],
    ['evt_2', 900],
    ['evt_3', 4_000],
  ]);
  const figures = figuresOf(
    [injection(1, 'cut'), injection(2, 'cut'), injection(3, 'slow')],
    [
      { injection: 1, at: 500, events: ['evt_1', 'evt_2'] },
      { injection: 1, at: 1_000, events: ['evt_1'] },
      { injection: 2, at: 1_000, events: ['evt_3', 'evt_4'] },
    ],
    (id) => settled.get(id) ?? null,
  );
  expect(figures).toEqual([
    { fault: 'cut', planned: 2, injected: 3, touched: 4, recovered: 3, medianMs: 500, longestMs: 3_000 },
    { fault: 'slow', planned: 1, injected: 0, touched: 0, recovered: 0, medianMs: 0, longestMs: 0 },
  ]);
});
