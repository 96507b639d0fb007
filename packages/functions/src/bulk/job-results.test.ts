import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseCsv, resultRows } from './job-results.ts';

describe('resultRows', () => {
  it('reads a success by the echoed external id', () => {
    const csv = '"sf__Id","sf__Created",Stripe_Id__c,Status__c\n"a00000000000001AAA","true","sub_1","active"\n';
    expect(resultRows(csv, 'Stripe_Id__c')).toEqual(
      new Map([['sub_1', { id: 'a00000000000001AAA', errorCode: null, message: '' }]]),
    );
  });

  it('parts an error at its first and last colon only', () => {
    const cell = 'UNABLE_TO_LOCK_ROW:unable to obtain access: 001xxx, "a":b:Name, Id --';
    const csv = `"sf__Id","sf__Error",K__c\r\n"","${cell.replaceAll('"', '""')}","pi_1"\r\n`;
    expect(resultRows(csv, 'K__c').get('pi_1')).toEqual({
      id: null,
      errorCode: 'UNABLE_TO_LOCK_ROW',
      message: 'unable to obtain access: 001xxx, "a":b',
    });
  });

  it('reads unprocessed rows, which have no columns of Salesforce, and headers in any case', () => {
    expect([...resultRows('k__C,B__c\npi_1,x\npi_2,\n', 'K__c').keys()]).toEqual(['pi_1', 'pi_2']);
  });

  it('is empty for a file of a header alone, and for no file', () => {
    expect(resultRows('"sf__Id","sf__Error",K__c\n', 'K__c').size).toBe(0);
    expect(resultRows('', 'K__c').size).toBe(0);
  });

  it('says so when rows come without the key', () => {
    expect(() => resultRows('"sf__Id","sf__Error",Other__c\n"","X:y:--","1"\n', 'K__c')).toThrow('no column K__c');
  });

  it('says so when a file was cut off', () => {
    expect(() => resultRows('"sf__Id","sf__Err', 'K__c')).toThrow('ends within quotes');
  });
});

describe('parseCsv', () => {
  it('reads back any cells that were written by the rule, semicolons and pipes included', () => {
    const cell = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('a;b|c^d`e\tf', '', '"', 'x,y', 'a\r\nb'));
    const rows = fc.array(fc.array(cell, { minLength: 2, maxLength: 5 }), { maxLength: 6 });
    fc.assert(
      fc.property(rows, fc.constantFrom('\n', '\r\n'), (table, end) => {
        const text = table.map((row) => row.map((each) => `"${each.replaceAll('"', '""')}"`).join(',') + end).join('');
        expect(parseCsv(text)).toEqual(table);
      }),
    );
  });

  it('reads unquoted and empty cells, at the end of a line and of the file too', () => {
    expect(parseCsv('a,b,\n,,\nx,y,')).toEqual([
      ['a', 'b', ''],
      ['', '', ''],
      ['x', 'y', ''],
    ]);
  });
});
