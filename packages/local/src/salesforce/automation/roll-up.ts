import type { Stored, SummaryOperation } from '../schema.ts';

/** A roll-up summary over the details' values; empty values do not count. Nothing to sum up is 0, nothing to compare is null. */
export function rollUp(operation: SummaryOperation, details: number, values: readonly Stored[]): number | null {
  if (operation === 'count') return details;
  const numbers = values.filter((value) => typeof value === 'number');
  if (operation === 'sum') return numbers.reduce((sum, value) => sum + value, 0);
  if (numbers.length === 0) return null;
  return numbers.reduce((best, value) => (operation === 'min' ? Math.min(best, value) : Math.max(best, value)));
}
