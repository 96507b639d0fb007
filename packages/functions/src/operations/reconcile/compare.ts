import type { FieldValue, SObjectName } from '@payments/core/record';
import type { ExpectedRow } from './told.ts';

/** A row of Salesforce: SOQL's columns by name, relations by their path. */
export type ActualRow = { readonly key: string; readonly columns: ReadonlyMap<string, unknown> };

export type Difference = {
  readonly object: SObjectName;
  readonly key: string;
  readonly kind: 'missing' | 'different' | 'extra';
  /** `null`: the row as a whole. */
  readonly column: string | null;
  readonly stripe: string;
  readonly salesforce: string;
};

/**
 * Where only presence is compared: the text of a failed payment is worded by the event that told of it, and the instant of a
 * success is that of its charge or of its event, whichever came.
 */
const PRESENCE: ReadonlySet<string> = new Set(['Error_Message__c', 'Transaction_Date__c']);

export function differencesOf(expected: ExpectedRow, actual: ActualRow | undefined): readonly Difference[] {
  const { object, key } = expected;
  if (actual === undefined) return [{ object, key, kind: 'missing', column: null, stripe: 'is there', salesforce: '' }];
  return [...expected.columns].flatMap(([column, { value }]) => {
    const [stripe, salesforce] = [canonical(value), canonical(actual.columns.get(column))];
    const same = comparable(column, value) === comparable(column, actual.columns.get(column));
    return same ? [] : [{ object, key, kind: 'different' as const, column, stripe, salesforce }];
  });
}

/** What of a value is compared, as a text that is equal where the values are. */
export function comparable(column: string, value: FieldValue | unknown): string {
  const text = canonical(value);
  return PRESENCE.has(column) && text !== '' ? 'is there' : text;
}

/** Numbers without trailing zeros, instants in UTC, an unchecked box like no value. */
function canonical(value: FieldValue | unknown): string {
  if (value === null || value === undefined || value === false) return '';
  const text = String(value);
  if (/^-?\d+(\.\d+)?$/.test(text)) return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
  if (/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/.test(text)) return new Date(text.replace(/\+0000$/, 'Z')).toISOString();
  return text.trim();
}
