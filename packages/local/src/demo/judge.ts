/** Compares what Salesforce holds with what it must hold: row by row, column by column, and rows that nobody expects. */
import { type Expectation, type ExpectedRow, isRowKey } from './expected-rows.ts';

export type OrgRow = {
  readonly object: string;
  /** The external id; `null` for a row that has none yet. */
  readonly key: string | null;
  /** Columns as the org holds them; a lookup `X__r` is the parent's external id. */
  readonly columns: Readonly<Record<string, unknown>>;
};

export type Difference = {
  readonly object: string;
  readonly key: string;
  readonly kind: 'missing' | 'extra' | 'different' | 'twice';
  readonly column: string | null;
  readonly expected: string;
  readonly actual: string;
};

export type Verdict = {
  readonly rowsCompared: number;
  readonly rowsDifferent: number;
  readonly differences: readonly Difference[];
};

export function judgeRows(expected: readonly ExpectedRow[], actual: Iterable<OrgRow>): Verdict {
  const rows = new Map<string, OrgRow>();
  const differences: Difference[] = [];
  for (const row of actual) {
    if (row.key === null) continue;
    const name = nameOf(row.object, row.key);
    if (rows.has(name)) differences.push({ ...blank(row.object, row.key), kind: 'twice' });
    rows.set(name, row);
  }
  for (const row of expected) {
    const name = nameOf(row.object, row.key);
    const found = rows.get(name);
    rows.delete(name);
    if (found === undefined) differences.push({ ...blank(row.object, row.key), kind: 'missing' });
    else differences.push(...columnDifferences(row, found));
  }
  for (const [name, { object, key }] of rows) {
    if (key === null) continue;
    // Rows that Salesforce made for a Checkout that nobody opened yet.
    if (isRowKey(key)) rows.delete(name);
    else differences.push({ ...blank(object, key), kind: 'extra' });
  }
  const different = new Set(differences.map(({ object, key }) => nameOf(object, key)));
  return { rowsCompared: expected.length + rows.size, rowsDifferent: different.size, differences };
}

const nameOf = (object: string, key: string): string => `${object}/${key}`;
const blank = (object: string, key: string) => ({ object, key, column: null, expected: '', actual: '' });

function columnDifferences(expected: ExpectedRow, actual: OrgRow): Difference[] {
  return Object.entries(expected.columns).flatMap(([column, expectation]) => {
    const value = canonical(actual.columns[column] ?? null);
    if (meets(expectation, value)) return [];
    const { object, key } = expected;
    return [{ object, key, kind: 'different' as const, column, expected: spelled(expectation), actual: String(value) }];
  });
}

function meets(expectation: Expectation, value: string | null): boolean {
  if (expectation === 'set') return value !== null;
  if (typeof expectation === 'object' && expectation !== null) {
    return expectation.either.some((one) => canonical(one) === value);
  }
  return canonical(expectation) === value;
}

function spelled(expectation: Expectation): string {
  return typeof expectation === 'object' && expectation !== null
    ? expectation.either.join(' or ')
    : String(expectation);
}

/** Numbers without trailing zeros, instants to the millisecond in UTC, an unchecked box like none. */
function canonical(value: unknown): string | null {
  if (value === null || value === undefined || value === '' || value === false) return null;
  const text = String(value);
  if (/^-?\d+(\.\d+)?$/.test(text)) return plainDecimal(text);
  if (/^\d{4}-\d\d-\d\dT/.test(text)) return new Date(text.replace(/\+0000$/, 'Z')).toISOString();
  return text;
}

function plainDecimal(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}
