import { SalesforceError } from '../salesforce-error.ts';
import { type FieldSchema, fieldNamed, type ObjectSchema, objectNamed, type Schema, type Stored } from '../schema.ts';
import type { Row, Store } from '../store.ts';
import type { Path, Query } from './parse.ts';
import { queryError } from './tokens.ts';

const ADVICE =
  "If you are attempting to use a custom field, be sure to append the '__c' after the custom field name. Please reference your WSDL or the describe call for the appropriate names.";

/** A path through parents: `steps` are the references on the way, `field` is read from the last parent. */
export type Column = {
  readonly steps: readonly FieldSchema[];
  readonly field: FieldSchema;
  readonly owner: ObjectSchema;
};

export type Scope = {
  readonly soql: string;
  readonly schema: Schema;
  readonly store: Store;
  readonly now: number;
};

export function resolveFrom(scope: Scope, query: Query): ObjectSchema {
  const object = objectNamed(scope.schema, query.from);
  if (object !== undefined && object.kind !== 'event') return object;
  throw queryError(
    scope.soql,
    query.fromAt,
    'INVALID_TYPE',
    `sObject type '${query.from}' is not supported. If you are attempting to use a custom object, be sure to append the '__c' after the entity name. Please reference your WSDL or the describe call for the appropriate names.`,
  );
}

export function resolvePath(scope: Scope, object: ObjectSchema, alias: string | null, path: Path): Column {
  const [first = '', ...others] = path.names;
  const named = others.length > 0 && [alias, object.name].some((name) => name?.toLowerCase() === first.toLowerCase());
  const names = named ? others : path.names;
  const steps: FieldSchema[] = [];
  let owner = object;
  for (const name of names.slice(0, -1)) {
    const step = owner.byRelationship.get(name.toLowerCase());
    const next = step === undefined ? undefined : objectNamed(scope.schema, step.referenceTo[0] ?? '');
    if (step === undefined || next === undefined) {
      const reason = `Didn't understand relationship '${name}' in field path. If you are attempting to use a custom relationship, be sure to append the '__r' after the custom relationship name. Please reference your WSDL or the describe call for the appropriate names.`;
      throw queryError(scope.soql, path.at, 'INVALID_FIELD', reason);
    }
    steps.push(step);
    owner = next;
  }
  const last = names.at(-1) ?? '';
  const field = fieldNamed(owner, last);
  if (field === undefined) {
    throw queryError(
      scope.soql,
      path.at,
      'INVALID_FIELD',
      `No such column '${last}' on entity '${owner.name}'. ${ADVICE}`,
    );
  }
  return { steps, field, owner };
}

export function parentOf(store: Store, row: Row, step: FieldSchema): Row | null {
  const id = row.values[step.name];
  if (typeof id !== 'string') return null;
  return store.table(step.referenceTo[0] ?? '').get(id) ?? null;
}

export function valueAt(store: Store, row: Row, column: Column): Stored {
  let current: Row | null = row;
  for (const step of column.steps) {
    current = parentOf(store, current, step);
    if (current === null) return null;
  }
  return current.values[column.field.name] ?? null;
}

export function notFilterable(field: FieldSchema): SalesforceError {
  return new SalesforceError(400, 'INVALID_FIELD', `field '${field.name}' can not be filtered in a query call`);
}
