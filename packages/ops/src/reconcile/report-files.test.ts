import { describe, expect, it } from 'vitest';
import { csvReport, type Findings, htmlReport } from './report-files.ts';

const difference = {
  ...({ object: 'Payment_Transaction__c', key: 'pi_1', kind: 'different', column: 'Amount__c' } as const),
  ...{ stripe: '10.5', salesforce: '-10' },
};
const findings: Findings = {
  ...{
    stage: 'local',
    by: 'assumed-role/Operators/ada',
    startedAt: '2026-11-29T06:00:00.000Z',
    finishedAt: '2026-11-29T06:01:00.000Z',
    since: null,
  },
  counts: [{ object: 'Payment_Transaction__c', stripe: 2, salesforce: 1 }],
  months: [{ month: '2026-11', rows: 2, wrong: 1 }],
  ...{ differences: [difference], repaired: [], inFlight: 1 },
};
const named = (salesforce: string): Findings => ({ ...findings, differences: [{ ...difference, salesforce }] });

describe('the report that is filed', () => {
  it('is a CSV with one line for each column that differs', () => {
    expect(csvReport(findings)).toBe(
      'state,object,key,kind,column,stripe,salesforce\r\nopen,Payment_Transaction__c,pi_1,different,Amount__c,10.5,-10\r\n',
    );
  });

  it.each(['=HYPERLINK("x")', '+1', '@SUM(A1)', '-cmd'])('hands no formula to a spreadsheet: %s', (text) => {
    expect(csvReport(named(text))).toMatch(/,"?'[=+@-]/);
  });

  it('is a page that says what was compared, and fetches nothing', () => {
    const page = htmlReport(findings);
    for (const said of ['Rows that do not agree: 1.', 'pi_1', '2026-11', 'Operators/ada', 'Not judged']) {
      expect(page).toContain(said);
    }
    expect(page).not.toMatch(/<script|https?:|src=|url\(/);
  });

  it('begins with the totals, then tells what is missing, what differs field by field, and what is too much', () => {
    const several = (kind: 'missing' | 'extra', key: string) => ({ ...difference, kind, key, column: null });
    const page = htmlReport({
      ...findings,
      differences: [several('extra', 'pi_3'), difference, { ...difference, key: 'pi_4' }, several('missing', 'pi_2')],
    });
    const titles = [...page.matchAll(/<h2>([^<]+)/g)].map(([, title]) => title);
    expect(titles).toEqual([
      'Totals',
      'Missing in Salesforce',
      'Different',
      'Only in Salesforce',
      'By month of creation',
    ]);
    expect(page).toContain('Amount__c of Payment_Transaction__c: 2 rows');
    expect(page).toContain('<th scope="row">pi_1</th><td>10.5</td><td>-10</td>');
    const [, sums = ''] = /<tfoot>(.*)<\/tfoot>/.exec(page) ?? [];
    expect([...sums.matchAll(/<td[^>]*>([^<]*)/g)].map(([, value]) => value)).toEqual(['2', '1', '1', '2', '1']);
  });

  it('has for each table a name, column heads and row heads', () => {
    const page = htmlReport(findings);
    const tables = [...page.matchAll(/<div class="wide" role="region" aria-label="([^"]+)"/g)];
    expect(tables.length).toBe([...page.matchAll(/<table[ >]/g)].length);
    for (const [, name = ''] of tables) expect(name).not.toBe('');
    for (const [row] of page.matchAll(/<tr>(?!<th scope="(col|row)")/g)) expect.fail(`a row without a head: ${row}`);
  });

  it('takes hostile names for text', () => {
    expect(htmlReport(named('<img src=x onerror=alert(1)>'))).not.toContain('<img');
  });
});
