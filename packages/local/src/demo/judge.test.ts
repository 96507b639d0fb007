import { describe, expect, it } from 'vitest';
import { major } from './expected-rows.ts';
import { judgeRows } from './judge.ts';

const expected = [
  {
    object: 'Payment_Transaction__c',
    key: 'pi_1',
    columns: { Amount__c: '10.5', Status__c: 'succeeded', Refunded: null },
  },
];
const row = (key: string | null, columns: Record<string, unknown>) => ({
  object: 'Payment_Transaction__c',
  key,
  columns,
});

describe('the judge', () => {
  it('finds nothing when every column says the same, however it is spelled', () => {
    const verdict = judgeRows(expected, [row('pi_1', { Amount__c: 10.5, Status__c: 'succeeded', Other: 'x' })]);
    expect(verdict).toEqual({ rowsCompared: 1, rowsDifferent: 0, differences: [] });
  });

  it.each([
    ['another value', [row('pi_1', { Amount__c: '10.50', Status__c: 'canceled' })], 'different'],
    [
      'a value where none belongs',
      [row('pi_1', { Amount__c: 10.5, Status__c: 'succeeded', Refunded: 3 })],
      'different',
    ],
    ['a missing row', [], 'missing'],
    [
      'a row twice',
      [
        row('pi_1', { Amount__c: 10.5, Status__c: 'succeeded' }),
        row('pi_1', { Amount__c: 10.5, Status__c: 'succeeded' }),
      ],
      'twice',
    ],
    ['a row nobody expects', [row('pi_1', { Amount__c: 10.5, Status__c: 'succeeded' }), row('pi_2', {})], 'extra'],
  ])('finds %s', (_name, rows, kind) => {
    const verdict = judgeRows(expected, rows);
    expect(verdict.rowsDifferent).toBe(1);
    expect(verdict.differences.map((difference) => difference.kind)).toEqual([kind]);
  });

  it('leaves rows without an external id to others', () => {
    expect(judgeRows([], [row(null, {})]).rowsDifferent).toBe(0);
  });

  it.each([
    [1999, 'usd', '19.99'],
    [2000, 'usd', '20'],
    [5, 'usd', '0.05'],
    ['0.5', 'usd', '0.005'],
    [500, 'jpy', '500'],
    [5120, 'kwd', '5.12'],
    [-250, 'usd', '-2.5'],
  ])('spells %s %s as %s', (minor, currency, text) => expect(major(minor, currency)).toBe(text));
});
