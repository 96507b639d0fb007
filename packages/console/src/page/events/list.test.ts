import { expect, test } from 'vitest';
import type { EventLine, EventPage } from '../../contract.ts';
import { heldBack, inSight, NONE, withNewest, withNews, withOlder } from './list.ts';

const line = (number: number, outcome: EventLine['outcome'] = 'written'): EventLine => ({
  id: `evt_${number}`,
  type: 'invoice.paid',
  objectId: null,
  stripeAt: number,
  receivedAt: number,
  lane: 'bulk',
  outcome,
  tookMs: null,
  deliveries: 1,
});

const page = (numbers: readonly number[], next: string | null, total: number): EventPage => ({
  events: numbers.map((number) => line(number)),
  next,
  total,
});

const numbers = (lines: readonly EventLine[]): number[] => lines.map(({ receivedAt }) => receivedAt);

test('newer events come on top, older ones that were read stay', () => {
  const read = withOlder(withNewest(NONE, page([6, 5, 4], 'evt_4', 6)), page([3, 2], 'evt_2', 6));
  const list = withNewest(read, page([8, 7, 6], 'evt_6', 8));
  expect(numbers(list.lines)).toEqual([8, 7, 6, 5, 4, 3, 2]);
  expect(list).toMatchObject({ next: 'evt_2', total: 8 });
});

test('when more came than a page holds, the list begins anew instead of hiding the gap', () => {
  const list = withNewest(withNewest(NONE, page([3, 2, 1], null, 3)), page([9, 8, 7], 'evt_7', 9));
  expect(numbers(list.lines)).toEqual([9, 8, 7]);
  expect(list.next).toBe('evt_7');
});

test('a list that is held changes what its lines say, and no line moves', () => {
  const list = withNewest(NONE, { events: [line(2, 'under way'), line(1)], next: null, total: 2 });
  const newer = page([3, 2, 1], null, 3);
  expect(numbers(withNews(list, newer).lines)).toEqual([2, 1]);
  expect(withNews(list, newer).lines[0]?.outcome).toBe('written');
  expect(heldBack(list, newer)).toBe(1);
});

test('an older page that overlaps puts nothing in twice', () => {
  const list = withOlder(withNewest(NONE, page([3, 2], 'evt_2', 3)), page([2, 1], null, 3));
  expect(numbers(list.lines)).toEqual([3, 2, 1]);
  expect(list.next).toBeNull();
});

test('only rows in sight are drawn, with some to spare', () => {
  expect(inSight(20_000, 44, 0, 880, 8)).toEqual([0, 28]);
  expect(inSight(20_000, 44, 440_000, 880, 8)).toEqual([9_992, 10_028]);
  expect(inSight(10, 44, 0, 880, 8)).toEqual([0, 10]);
  // The list became shorter under a window that was far down.
  expect(inSight(10, 44, 440_000, 880, 8)).toEqual([0, 8]);
});
