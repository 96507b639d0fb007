import { SalesforceError } from '../salesforce-error.ts';
import { type ObjectSchema, objectNamed, type Stored } from '../schema.ts';
import type { Row } from '../store.ts';
import { aggregateColumn, aggregateOver, groupRows, isAggregateQuery } from './aggregate.ts';
import { compareStored, compile, literalValue, type Reader, type Test } from './filter.ts';
import type { Condition, DatePart, Literal, Operand, Path, Query, SelectItem } from './parse.ts';
import { type Column, parentOf, resolveFrom, resolvePath, type Scope, valueAt } from './resolve.ts';
import { malformed } from './tokens.ts';

export type RunOptions = {
  /** `/services/data/v66.0` */
  readonly base: string;
  /** Deleted rows too: queryAll, or ALL ROWS. */
  readonly withDeleted: boolean;
};

export type QueryResult = { readonly totalSize: number; readonly records: readonly Record<string, unknown>[] };

export type Outcome = { readonly object: ObjectSchema; readonly result: QueryResult };

/** Runs a parsed query. Throws {@link SalesforceError} with Salesforce's code and caret. */
export function runQuery(scope: Scope, query: Query, options: RunOptions): Outcome {
  const object = resolveFrom(scope, query);
  const grouped = isAggregateQuery(query);
  const render = grouped ? () => ({}) : renderer(scope, object, query.alias, query.select, options);
  const rows = matchingRows(scope, object, query, options);
  if (isPlainCount(query)) return { object, result: { totalSize: rows.length, records: [] } };
  if (grouped) return { object, result: aggregateResult(scope, object, query, rows) };
  const sorted = sortRows(scope, object, query, rows);
  const page = sorted.slice(query.offset, query.limit === null ? undefined : query.offset + query.limit);
  return { object, result: { totalSize: page.length, records: page.map(render) } };
}

/** `SELECT COUNT() FROM …` answers a size and no records. */
function isPlainCount({ select }: Query): boolean {
  const [only, ...others] = select;
  return others.length === 0 && only?.kind === 'aggregate' && only.name === 'COUNT' && only.path === null;
}

function rowReader(scope: Scope, object: ObjectSchema, query: Query, options: RunOptions): Reader<Row> {
  return {
    columnOf: (operand) => {
      if (operand.kind === 'aggregate')
        throw malformed(scope.soql, operand.path?.at ?? 0, 'Aggregates belong in HAVING');
      if (operand.path.part !== undefined) throw notImitated(scope, operand.path);
      return resolvePath(scope, object, query.alias, operand.path);
    },
    valueOf: (row, _, column) => valueAt(scope.store, row, column),
    runInner: (inner) => innerValues(scope, inner, options),
    now: scope.now,
  };
}

/** The one column of a semi-join, as a set. */
function innerValues(scope: Scope, query: Query, options: RunOptions): ReadonlySet<Stored> {
  const object = resolveFrom(scope, query);
  const [item] = query.select;
  if (item?.kind !== 'field' || query.select.length > 1) {
    throw malformed(scope.soql, query.fromAt, 'A nested query selects exactly one field');
  }
  const column = resolvePath(scope, object, query.alias, item.path);
  const rows = matchingRows(scope, object, query, options);
  return new Set(rows.map((row) => valueAt(scope.store, row, column)).filter((value) => value !== null));
}

function matchingRows(scope: Scope, object: ObjectSchema, query: Query, options: RunOptions): readonly Row[] {
  const all = options.withDeleted || query.allRows;
  const reader = rowReader(scope, object, query, options);
  const test: Test<Row> = query.where === null ? () => true : compile(query.where, reader);
  const rows: Row[] = [];
  const candidates = all ? null : indexedRows(scope, object, query);
  for (const row of candidates ?? scope.store.table(object.name).rows()) {
    if ((all || !row.deleted) && test(row)) rows.push(row);
  }
  return rows;
}

/** Rows an index already narrows down to: `Key = 'x'` or `Key IN (…)` at the top or in a top-level AND. */
function indexedRows(scope: Scope, object: ObjectSchema, query: Query): readonly Row[] | null {
  const where = query.where;
  const parts: readonly Condition[] = where === null ? [] : where.kind === 'and' ? where.parts : [where];
  const table = scope.store.table(object.name);
  for (const part of parts) {
    const literals = equalities(part);
    if (literals === null || !('left' in part) || part.left.kind !== 'field') continue;
    const column = resolvePath(scope, object, query.alias, part.left.path);
    const { field } = column;
    if (column.steps.length > 0 || (field.type !== 'id' && !table.isIndexed(field))) continue;
    const values = literals.map((literal) => literalValue(field, literal));
    if (values.includes(null)) continue;
    const ids = values.flatMap((value) => (field.type === 'id' ? [String(value)] : table.find(field, value)));
    return [...new Set(ids)].flatMap((id) => table.get(id) ?? []);
  }
  return null;
}

function equalities(part: Condition): readonly Literal[] | null {
  if (part.kind === 'compare') return part.op === '=' && part.value.kind !== 'range' ? [part.value] : null;
  if (part.kind !== 'in' || part.negated) return null;
  return part.values.some((value) => value.kind === 'range') ? null : part.values;
}

function sortRows(scope: Scope, object: ObjectSchema, query: Query, rows: readonly Row[]): readonly Row[] {
  if (query.orderBy.length === 0) return rows;
  const columns = query.orderBy.map(({ by, descending, nullsLast }) => {
    if (by.kind === 'aggregate') throw malformed(scope.soql, by.path?.at ?? 0, 'Aggregates need GROUP BY');
    const column = resolvePath(scope, object, query.alias, by.path);
    if (column.field.longText) throw notSortable(column);
    return { read: (row: Row) => sortKey(valueAt(scope.store, row, column)), descending, nullsLast };
  });
  return [...rows].sort((a, b) => compareBy(columns, a, b));
}

const sortKey = (value: Stored) => (typeof value === 'string' ? value.toLowerCase() : value);

function notSortable({ field }: Column): SalesforceError {
  return new SalesforceError(400, 'INVALID_FIELD', `field '${field.name}' can not be sorted in a query call`);
}

type SortColumn<T> = { readonly read: (item: T) => Stored; readonly descending: boolean; readonly nullsLast: boolean };

/** Nulls come first unless told otherwise, whatever the direction. */
function compareBy<T>(columns: readonly SortColumn<T>[], a: T, b: T): number {
  for (const { read, descending, nullsLast } of columns) {
    const [left, right] = [read(a), read(b)];
    if (left === right) continue;
    if (left === null || right === null) return (left === null) === nullsLast ? 1 : -1;
    const order = compareStored(left, right);
    if (order !== 0) return descending ? -order : order;
  }
  return 0;
}

function aggregateResult(scope: Scope, object: ObjectSchema, query: Query, rows: readonly Row[]): QueryResult {
  const columnOf = (path: Path) => resolvePath(scope, object, query.alias, path);
  const groupColumns = query.groupBy.map(columnOf);
  for (const { field } of groupColumns) {
    if (field.longText)
      throw new SalesforceError(400, 'MALFORMED_QUERY', `field '${field.name}' can not be grouped in a query call`);
  }
  const groups = groupRows(
    rows,
    groupColumns,
    (row, column, place) => datePart(query.groupBy[place]?.part, valueAt(scope.store, row, column)),
    query.groupBy.length === 0,
  );
  const read = (group: readonly Row[], operand: Operand): Stored => {
    if (operand.kind === 'field') {
      const [first] = group;
      return first === undefined
        ? null
        : datePart(operand.path.part, valueAt(scope.store, first, columnOf(operand.path)));
    }
    const values =
      operand.path === null
        ? null
        : group.map((row) => valueAt(scope.store, row, columnOf(operand.path ?? { names: [], at: 0 })));
    return aggregateOver(operand.name, group.length, values);
  };
  const reader: Reader<readonly Row[]> = {
    columnOf: (operand) =>
      operand.kind === 'field'
        ? columnOf(operand.path)
        : aggregateColumn(operand, object, operand.path === null ? null : columnOf(operand.path)),
    valueOf: (group, operand) => read(group, operand),
    runInner: () => new Set(),
    now: scope.now,
  };
  const having: Test<readonly Row[]> = query.having === null ? () => true : compile(query.having, reader);
  const order = query.orderBy.map(({ by, descending, nullsLast }) => ({
    read: (group: readonly Row[]) => sortKey(read(group, by)),
    descending,
    nullsLast,
  }));
  const kept = groups.filter(having).sort((a, b) => compareBy(order, a, b));
  const page = kept.slice(query.offset, query.limit === null ? undefined : query.offset + query.limit);
  const names = aggregateNames(scope, query);
  const records = page.map((group) => ({
    attributes: { type: 'AggregateResult' },
    ...Object.fromEntries(names.map(({ name, operand }) => [name, read(group, operand)])),
  }));
  return { totalSize: records.length, records };
}

/** `expr0`, `expr1` … for what has no alias; a grouped field keeps its last name. */
function aggregateNames(scope: Scope, query: Query) {
  let unnamed = 0;
  return query.select.map((item) => {
    if (item.kind === 'aggregate') return { name: item.alias ?? `expr${unnamed++}`, operand: item };
    if (item.kind !== 'field') throw malformed(scope.soql, 0, 'Only grouped fields and aggregates can be selected');
    const grouped = query.groupBy.some((path) => sameNames(path, item.path) || path.names.join('.') === item.alias);
    if (!grouped) {
      const name = item.path.names.join('.');
      throw malformed(scope.soql, item.path.at, `Field must be grouped or aggregated: ${name}`);
    }
    return { name: item.alias ?? item.path.names.at(-1) ?? '', operand: item };
  });
}

function sameNames(a: Path, b: Path): boolean {
  return a.names.join('.').toLowerCase() === b.names.join('.').toLowerCase() && a.part === b.part;
}

/** The org's zone is UTC. */
function datePart(part: DatePart | undefined, value: Stored): Stored {
  if (part === undefined || typeof value !== 'string') return value;
  return Number(part === 'CALENDAR_YEAR' ? value.slice(0, 4) : value.slice(5, 7));
}

function notImitated(scope: Scope, { at, part }: Path): SalesforceError {
  return malformed(scope.soql, at, `${part} is imitated in GROUP BY and beside it only`);
}

type Render = (row: Row) => Record<string, unknown>;

/** A column is selected once, whether by its name or by FIELDS. */
function refuseTwice(scope: Scope, object: ObjectSchema, alias: string | null, select: readonly SelectItem[]): void {
  const seen = new Set<string>();
  const once = (name: string) => {
    if (seen.has(name)) throw new SalesforceError(400, 'INVALID_FIELD', `duplicate field selected: ${name}`);
    seen.add(name);
  };
  for (const item of select) {
    if (item.kind === 'all') {
      for (const { name, custom } of object.fields)
        if (item.which === 'ALL' || custom === (item.which === 'CUSTOM')) once(name);
    } else if (item.kind === 'field' && item.path.part === undefined) {
      const { steps, field } = resolvePath(scope, object, alias, item.path);
      once([...steps.map((step) => step.relationshipName ?? step.name), field.name].join('.'));
    }
  }
}

/** Builds the record's shape once: what was asked for in its order, parents nested and merged where the first of them stands. */
function renderer(
  scope: Scope,
  object: ObjectSchema,
  alias: string | null,
  select: readonly SelectItem[],
  options: RunOptions,
): Render {
  refuseTwice(scope, object, alias, select);
  // Made when all is read: a parent's later columns stand under its first.
  const places: (() => { readonly name: string; readonly read: (row: Row) => unknown })[] = [];
  const plain = (name: string) => places.push(() => ({ name, read: (row) => row.values[name] ?? null }));
  const parents = new Map<string, SelectItem[]>();
  for (const item of select) {
    if (item.kind === 'aggregate') throw malformed(scope.soql, item.path?.at ?? 0, 'Aggregates need GROUP BY');
    if (item.kind === 'children') places.push(() => childReader(scope, object, item.query, options));
    else if (item.kind === 'all') {
      for (const { name, custom } of object.fields)
        if (item.which === 'ALL' || custom === (item.which === 'CUSTOM')) plain(name);
    } else {
      if (item.path.part !== undefined) throw notImitated(scope, item.path);
      const column = resolvePath(scope, object, alias, item.path);
      const [step] = column.steps;
      if (step === undefined) {
        plain(column.field.name);
        continue;
      }
      const names = item.path.names.slice(-column.steps.length);
      const rest: SelectItem = { kind: 'field', alias: null, path: { names, at: item.path.at } };
      const known = parents.get(step.name);
      if (known !== undefined) known.push(rest);
      else {
        const items = [rest];
        parents.set(step.name, items);
        places.push(() => parentReader(scope, object, step.name, items, options));
      }
    }
  }
  const columns = places.map((make) => make());
  return (row) => {
    const record: Record<string, unknown> = {
      attributes: { type: object.name, url: `${options.base}/sobjects/${object.name}/${row.id}` },
    };
    for (const { name, read } of columns) record[name] = read(row);
    return record;
  };
}

function parentReader(
  scope: Scope,
  object: ObjectSchema,
  reference: string,
  items: readonly SelectItem[],
  options: RunOptions,
) {
  const step = object.byName.get(reference.toLowerCase());
  const parent = objectNamed(scope.schema, step?.referenceTo[0] ?? '');
  if (step === undefined || parent === undefined) throw new Error(`${object.name}.${reference} is no reference`);
  const render = renderer(scope, parent, null, items, options);
  return {
    name: step.relationshipName ?? step.name,
    read: (row: Row) => {
      const found = parentOf(scope.store, row, step);
      return found === null ? null : render(found);
    },
  };
}

function childReader(scope: Scope, object: ObjectSchema, query: Query, options: RunOptions) {
  const wanted = query.from.toLowerCase();
  const relation = object.children.find(({ relationshipName }) => relationshipName?.toLowerCase() === wanted);
  const child = objectNamed(scope.schema, relation?.childObject ?? '');
  const field = child?.byName.get(relation?.field.toLowerCase() ?? '');
  if (relation === undefined || child === undefined || field === undefined) {
    throw new SalesforceError(
      400,
      'INVALID_TYPE',
      `Didn't understand relationship '${query.from}' in FROM part of query call. If you are attempting to use a custom relationship, be sure to append the '__r' after the custom relationship name. Please reference your WSDL or the describe call for the appropriate names.`,
    );
  }
  const render = renderer(scope, child, query.alias, query.select, options);
  const reader = rowReader(scope, child, query, options);
  const test: Test<Row> = query.where === null ? () => true : compile(query.where, reader);
  const table = scope.store.table(child.name);
  return {
    name: relation.relationshipName ?? query.from,
    read: (row: Row) => {
      const rows = table
        .find(field, row.id)
        .flatMap((id) => table.get(id) ?? [])
        .filter(test);
      const sorted = sortRows(scope, child, query, rows);
      const page = sorted.slice(query.offset, query.limit === null ? undefined : query.offset + query.limit);
      if (page.length === 0) return null;
      return { totalSize: page.length, done: true, records: page.map(render) };
    },
  };
}
