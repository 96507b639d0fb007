import { describe, expect, it } from 'vitest';
import { rowTable } from './row-table.ts';

const textOf = (row: Readonly<Record<string, string>>) => (column: string) => row[column] ?? '';

describe('the table of hashes', () => {
  it('tells what a row has, column by column, and forgets the values', () => {
    const table = rowTable(['Amount__c', 'Status__c']);
    table.put('pi_1', textOf({ Amount__c: '10.5', Status__c: 'succeeded' }));
    table.put('pi_2', textOf({ Amount__c: '10.5' }));
    expect(table.isSame('pi_1', 'Amount__c', '10.5')).toBe(true);
    expect(table.isSame('pi_1', 'Status__c', 'canceled')).toBe(false);
    expect(table.isSame('pi_2', 'Status__c', '')).toBe(true);
    expect(table.isSame('pi_3', 'Amount__c', '10.5')).toBe(false);
    expect(table.isSame('pi_1', 'Elsewhere__c', '')).toBe(false);
  });

  it('knows of which rows nobody has told, whatever their number', () => {
    const table = rowTable(['A']);
    for (let n = 0; n < 5_000; n += 1) table.put(`cus_${n}`, () => String(n));
    for (let n = 0; n < 5_000; n += 1) if (n !== 4_321) table.tell(`cus_${n}`, 1_790_000_000 + n);
    table.tell('cus_unknown', 1);
    expect([table.count(), table.told(), [...table.untold()]]).toEqual([5_000, 4_999, ['cus_4321']]);
    expect([table.createdOf('cus_17'), table.createdOf('cus_4321')]).toEqual([1_790_000_017, 0]);
    expect(table.isSame('cus_4999', 'A', '4999')).toBe(true);
  });

  it('tells apart a hundred thousand texts', () => {
    const table = rowTable(['A']);
    table.put('x', () => 'customer 1');
    const same = Array.from({ length: 100_000 }, (_, n) => `customer ${n}`).filter((text) =>
      table.isSame('x', 'A', text),
    );
    expect(same).toEqual(['customer 1']);
  });
});
