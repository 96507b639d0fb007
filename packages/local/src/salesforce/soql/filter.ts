import { parseId } from '../ids.ts';
import { SalesforceError } from '../salesforce-error.ts';
import type { FieldSchema, Stored } from '../schema.ts';
import { parseDateTime, wireDateTime } from '../values.ts';
import { dateRange } from './date-range.ts';
import type { Comparison, Condition, Literal, Operand, Query } from './parse.ts';
import { type Column, notFilterable } from './resolve.ts';

/** How conditions read their operands: rows in WHERE, groups in HAVING. */
export type Reader<T> = {
  readonly columnOf: (operand: Operand) => Column;
  readonly valueOf: (item: T, operand: Operand, column: Column) => Stored;
  readonly runInner: (query: Query) => ReadonlySet<Stored>;
  readonly now: number;
};

export type Test<T> = (item: T) => boolean;

/** Compiles a condition once; types are checked here, so a wrong literal fails even when no row is looked at. */
export function compile<T>(condition: Condition, reader: Reader<T>): Test<T> {
  switch (condition.kind) {
    case 'and': {
      const parts = condition.parts.map((part) => compile(part, reader));
      return (item) => parts.every((part) => part(item));
    }
    case 'or': {
      const parts = condition.parts.map((part) => compile(part, reader));
      return (item) => parts.some((part) => part(item));
    }
    case 'not': {
      const part = compile(condition.part, reader);
      return (item) => !part(item);
    }
    default: {
      const column = reader.columnOf(condition.left);
      if (column.field.longText) throw notFilterable(column.field);
      const read = (item: T) => reader.valueOf(item, condition.left, column);
      if (condition.kind === 'compare') {
        const test = compileComparison(column.field, condition.op, condition.value, reader.now);
        return (item) => test(read(item));
      }
      const values =
        condition.kind === 'inQuery'
          ? reader.runInner(condition.query)
          : new Set(condition.values.map((literal) => literalValue(column.field, literal)));
      const folded = new Set([...values].map((value) => fold(column.field, value)));
      return (item) => {
        const value = read(item);
        // A null is in no list of a sub-query, and `NOT IN` finds it.
        return folded.has(fold(column.field, value)) !== condition.negated;
      };
    }
  }
}

function fold(field: FieldSchema, value: Stored): Stored {
  return typeof value === 'string' && !field.caseSensitive && field.type !== 'id' && field.type !== 'reference'
    ? value.toLowerCase()
    : value;
}

function compileComparison(field: FieldSchema, op: Comparison, literal: Literal, now: number): Test<Stored> {
  if (literal.kind === 'range') return compileRange(field, op, dateRange(literal.name, literal.n, now));
  const wanted = fold(field, literalValue(field, literal));
  if (op === 'LIKE') return compileLike(field, wanted);
  if (op === '=') return (value) => fold(field, value) === wanted;
  if (op === '!=') return (value) => fold(field, value) !== wanted;
  return (value) => {
    const is = fold(field, value);
    if (is === null || wanted === null) return false;
    const order = compareStored(is, wanted);
    if (op === '<') return order < 0;
    if (op === '<=') return order <= 0;
    return op === '>' ? order > 0 : order >= 0;
  };
}

function compileRange(
  field: FieldSchema,
  op: Comparison,
  range: { readonly start: number; readonly end: number },
): Test<Stored> {
  if (field.type !== 'date' && field.type !== 'datetime') throw wrongLiteral(field);
  return (value) => {
    if (typeof value !== 'string') return op === '!=';
    const at = field.type === 'date' ? Date.parse(`${value}T00:00:00Z`) : (parseDateTime(value) ?? 0);
    switch (op) {
      case '=':
        return at >= range.start && at < range.end;
      case '!=':
        return at < range.start || at >= range.end;
      case '<':
        return at < range.start;
      case '<=':
        return at < range.end;
      case '>':
        return at >= range.end;
      default:
        return at >= range.start;
    }
  };
}

/** `%` is any text, `_` one character; both can be escaped. LIKE ignores case. */
function compileLike(field: FieldSchema, pattern: Stored): Test<Stored> {
  if (typeof pattern !== 'string' || field.type === 'reference' || field.type === 'id') {
    throw new SalesforceError(400, 'INVALID_OPERATOR', `invalid operator on ${field.name} field`);
  }
  const source = pattern.replace(/\\([%_])|[.*+?^${}()|[\]\\]|%|_/g, (found, escaped: string | undefined) => {
    if (escaped !== undefined) return escaped;
    if (found === '%') return '.*';
    return found === '_' ? '.' : `\\${found}`;
  });
  const expression = new RegExp(`^${source}$`, 'is');
  return (value) => typeof value === 'string' && expression.test(value);
}

export function compareStored(a: string | number | boolean, b: string | number | boolean): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** A literal in the field's stored form; throws when its type does not fit. */
export function literalValue(field: FieldSchema, literal: Literal): Stored {
  if (literal.kind === 'null') return null;
  if (literal.kind === 'range') throw wrongLiteral(field);
  switch (field.type) {
    case 'boolean':
      if (literal.kind !== 'boolean') throw wrongLiteral(field);
      return literal.value;
    case 'int':
    case 'double':
    case 'currency':
    case 'percent':
      if (literal.kind !== 'number') throw wrongLiteral(field);
      return literal.value;
    case 'date':
      if (literal.kind !== 'date') throw wrongLiteral(field);
      return literal.value;
    case 'datetime': {
      const at = literal.kind === 'datetime' ? parseDateTime(literal.value) : null;
      if (at === null) throw wrongLiteral(field);
      return wireDateTime(at);
    }
    default:
      if (literal.kind !== 'string') throw wrongLiteral(field);
      if (field.type !== 'id' && field.type !== 'reference') return literal.value;
      return idLiteral(literal.value);
  }
}

function idLiteral(text: string): string {
  const id = parseId(text);
  if (id === null) throw new SalesforceError(400, 'INVALID_QUERY_FILTER_OPERATOR', `invalid ID field: ${text}`);
  return id;
}

const SPOKEN_TYPE: Partial<Record<FieldSchema['type'], string>> = {
  datetime: 'dateTime',
  currency: 'double',
  percent: 'double',
};

function wrongLiteral(field: FieldSchema): SalesforceError {
  const type = SPOKEN_TYPE[field.type] ?? field.type;
  const quotes = ['string', 'picklist', 'email', 'phone', 'url', 'textarea', 'id', 'reference'].includes(field.type)
    ? 'should be enclosed in quotes'
    : 'should not be enclosed in quotes';
  return new SalesforceError(
    400,
    'INVALID_FIELD',
    `value of filter criterion for field '${field.name}' must be of type ${type} and ${quotes}`,
  );
}
