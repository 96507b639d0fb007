import { field, type ObjectSchema, type Stored } from '../schema.ts';
import type { Row } from '../store.ts';
import { compareStored } from './filter.ts';
import type { Aggregate, AggregateName, Query } from './parse.ts';
import type { Column } from './resolve.ts';

export function isAggregateQuery(query: Query): boolean {
  return query.groupBy.length > 0 || query.select.some((item) => item.kind === 'aggregate');
}

/** Rows by the values of the grouped columns; without columns all rows are one group, even none. */
export function groupRows(
  rows: readonly Row[],
  columns: readonly Column[],
  read: (row: Row, column: Column, place: number) => Stored,
  single: boolean,
): (readonly Row[])[] {
  if (single) return [rows];
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const key = JSON.stringify(columns.map((column, place) => read(row, column, place)));
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [row]);
    else group.push(row);
  }
  return [...groups.values()];
}

/** `values` is `null` for `COUNT()`. Nulls are not counted, summed or compared. */
export function aggregateOver(name: AggregateName, rows: number, values: readonly Stored[] | null): Stored {
  if (values === null) return rows;
  const present = values.filter((value) => value !== null);
  if (name === 'COUNT') return present.length;
  if (name === 'COUNT_DISTINCT') return new Set(present).size;
  const [first, ...others] = present;
  if (first === undefined) return null;
  if (name === 'MIN' || name === 'MAX') {
    const sign = name === 'MIN' ? -1 : 1;
    return others.reduce((best, value) => (compareStored(value, best) * sign > 0 ? value : best), first);
  }
  const numbers = present.filter((value) => typeof value === 'number');
  const sum = numbers.reduce((total, value) => total + value, 0);
  return name === 'SUM' ? sum : sum / numbers.length;
}

/** What an aggregate is compared as in HAVING: a number, or its field's own type for MIN and MAX. */
export function aggregateColumn(aggregate: Aggregate, owner: ObjectSchema, inner: Column | null): Column {
  if (inner !== null && (aggregate.name === 'MIN' || aggregate.name === 'MAX')) return inner;
  return { steps: [], owner, field: field({ name: aggregate.name, type: 'double', precision: 18 }) };
}
