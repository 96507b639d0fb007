import { expect, test } from 'vitest';
import type { Hop, Outcome, PlaceName } from '../../contract.ts';
import { foldHops, radiusOf, toneOf } from './fold-hops.ts';

const hop = (from: PlaceName, to: PlaceName, outcome: Outcome): Hop => ({
  at: 1,
  eventId: null,
  type: 'a.b',
  from,
  to,
  outcome,
});

test('hops of one moment along one line are one dot', () => {
  const hops = [
    ...Array.from({ length: 30 }, () => hop('stripe', 'ingress', 'under way')),
    hop('flush', 'salesforce', 'written'),
    hop('flush', 'salesforce', 'stale'),
  ];
  expect(foldHops(hops, 48)).toEqual([
    { from: 'stripe', to: 'ingress', tone: 'flow', hops: 30 },
    { from: 'flush', to: 'salesforce', tone: 'good', hops: 1 },
    { from: 'flush', to: 'salesforce', tone: 'quiet', hops: 1 },
  ]);
});

test('never more dots than the bound, and a failure is never the one left out', () => {
  const hops = [
    ...Array.from({ length: 9 }, () => hop('stripe', 'ingress', 'under way')),
    ...Array.from({ length: 8 }, () => hop('ingress', 'bus', 'under way')),
    hop('realtime', 'dead letters', 'failed'),
  ];
  expect(foldHops(hops, 2).map(({ to }) => to)).toEqual(['dead letters', 'ingress']);
  expect(foldHops(hops, 0)).toEqual([]);
  expect(foldHops(hops, -3)).toEqual([]);
});

test('a dot grows with what it stands for, and not without end', () => {
  expect(radiusOf(1)).toBe(3.5);
  expect(radiusOf(20)).toBeGreaterThan(radiusOf(2));
  expect(radiusOf(1_000_000)).toBe(9);
});

test('what changed nothing is quiet, what failed is not', () => {
  expect(toneOf('duplicate')).toBe('quiet');
  expect(toneOf('failed')).toBe('bad');
  expect(toneOf('buffered')).toBe('flow');
});
