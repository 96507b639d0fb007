import { expect, it } from 'vitest';
import type { Search } from '../adapters/logs.ts';
import { poisonReasons } from './poison-reasons.ts';

it('finds why messages were given up in the log of the aggregator, in one search', async () => {
  const searches: Search[] = [];
  const line = (messageId: string, outcome: string, error?: string) => ({
    ...{ from: 'Aggregate', at: 1 },
    said: { messageId, outcome, ...(error === undefined ? {} : { error }) },
  });
  const logs = {
    search: async (search: Search) => {
      searches.push(search);
      return {
        lines: [line('m1', 'failed', 'NotJson'), line('m2', 'buffered'), line('m1', 'put off', 'ValiError')],
        more: false,
      };
    },
  };
  const letters = [
    { messageId: 'm1', sentAt: 5_000 },
    { messageId: 'm2', sentAt: 3_000 },
  ];
  expect(await poisonReasons(letters, logs)).toEqual(new Map([['m1', 'ValiError']]));
  expect(searches).toMatchObject([{ pattern: '?"m1" ?"m2"', from: 3_000, to: 14_405_000 }]);
  expect(await poisonReasons([], logs)).toEqual(new Map());
  expect(searches).toHaveLength(1);
});
