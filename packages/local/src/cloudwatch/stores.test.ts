import { describe, expect, it } from 'vitest';
import { embeddedMetrics } from './embedded-metrics.ts';
import { createLogStore } from './log-store.ts';
import { createMetricStore, MINUTE_MS } from './metric-store.ts';

const directive = (change: object = {}) => ({
  Namespace: 'N',
  Dimensions: [['a'], []],
  Metrics: [{ Name: 'M', Unit: 'Count' }, { Name: 'Absent' }],
  ...change,
});
const line = (change: object = {}, root: object = {}): string =>
  JSON.stringify({ _aws: { Timestamp: 5, CloudWatchMetrics: [directive(change)] }, a: 'x', M: 3, ...root });

describe('embedded metrics', () => {
  it('are one datum for each set of dimensions', () => {
    expect(embeddedMetrics(line())).toEqual([
      { namespace: 'N', name: 'M', unit: 'Count', dimensions: { a: 'x' }, at: 5, values: [3] },
      { namespace: 'N', name: 'M', unit: 'Count', dimensions: {}, at: 5, values: [3] },
    ]);
  });

  it.each([
    ['plain text', 'hello'],
    ['broken JSON', '{"_aws":'],
    ['another JSON line', '{"message":"about \\"_aws\\""}'],
    ['a value that is no number', line({}, { M: 'three' })],
    ['a number JSON cannot hold', line({}, { M: null })],
    ['a dimension without a value', line({ Dimensions: [['missing']] })],
    ['an inherited dimension', line({ Dimensions: [['constructor']] })],
    ['no namespace', line({ Namespace: '' })],
  ])('are not found in %s', (_name, text) => {
    expect(embeddedMetrics(text)).toEqual([]);
  });
});

describe('memory', () => {
  it('of metrics is bounded: the oldest minute goes first', () => {
    const store = createMetricStore(3);
    const add = (name: string, minute: number) =>
      store.add({ namespace: 'N', name, dimensions: {}, unit: 'None', at: minute * MINUTE_MS, values: [1] });
    add('first', 0);
    for (let minute = 0; minute < 10; minute += 1) add('second', minute);
    expect(store.list().map(({ name }) => name)).toEqual(['second']);
    expect([...(store.list()[0]?.minutes.keys() ?? [])]).toEqual([7, 8, 9].map((minute) => minute * MINUTE_MS));
  });

  it('of logs is bounded by lines and by bytes, and long lines are cut', () => {
    const store = createLogStore({ events: 16, bytes: 1_000_000 });
    for (let n = 0; n < 100; n += 1) store.add('g', `line ${n}`, n);
    expect(store.group('g')?.events.length).toBeLessThanOrEqual(16);
    expect(store.group('g')?.events.at(-1)?.message).toBe('line 99');
    for (let n = 0; n < 8; n += 1) store.add('g', 'x'.repeat(300_000), 200);
    const kept = store.group('g');
    expect(kept?.bytes).toBeLessThanOrEqual(1_000_000);
    expect(kept?.bytes).toBe(kept?.events.reduce((sum, { message }) => sum + message.length, 0));
    expect(Math.max(...(kept?.events.map(({ message }) => message.length) ?? []))).toBe(262_144);
  });
});
