import type { FieldValue, SObjectName } from '@payments/core/record';
import { comparable } from './compare.ts';
import type { RowTable } from './row-table.ts';
import type { ExpectedRow, Origin } from './told.ts';

/**
 * Rows that look different by their hashes, or are not there: the only ones of which values are kept. Whether they are is for
 * reading them to say (reconcile.ts).
 */
export type Suspects = {
  /** What a list tells of a row that is in the table, or should be. */
  readonly compare: (row: ExpectedRow, table: RowTable) => void;
  /** The same for a row whose differences are known already. */
  readonly add: (row: ExpectedRow) => void;
  readonly of: (object: SObjectName) => readonly ExpectedRow[];
};

export function suspects(): Suspects {
  type Open = {
    object: SObjectName;
    key: string;
    created: number;
    columns: Map<string, { value: FieldValue; origin: Origin }>;
  };
  const byObject = new Map<SObjectName, Map<string, Open>>();
  const ofObject = (object: SObjectName): Map<string, Open> => {
    const some = byObject.get(object) ?? new Map<string, Open>();
    byObject.set(object, some);
    return some;
  };
  const keep = ({ object, key, created }: ExpectedRow): Open => {
    const row = ofObject(object).get(key) ?? { object, key, created, columns: new Map() };
    if (created > 0) row.created = created;
    ofObject(object).set(key, row);
    return row;
  };
  return {
    compare: (told, table) => {
      const { object, key, created, columns } = told;
      if (!table.has(key)) {
        const row = keep(told);
        for (const [column, said] of columns) row.columns.set(column, said);
        return;
      }
      table.tell(key, created);
      for (const [column, said] of columns) {
        if (!table.isSame(key, column, comparable(column, said.value))) {
          keep({ ...told, created: table.createdOf(key) }).columns.set(column, said);
          continue;
        }
        const open = ofObject(object).get(key);
        open?.columns.delete(column);
        if (open?.columns.size === 0) ofObject(object).delete(key);
      }
    },
    add: (told) => {
      const row = keep(told);
      for (const [column, said] of told.columns) row.columns.set(column, said);
    },
    of: (object) => [...ofObject(object).values()],
  };
}
