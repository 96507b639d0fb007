import { type FieldSchema, fieldNamed, type ObjectSchema, objectNamed, type Schema } from './schema.ts';
import type { Query } from './soql/parse.ts';

type ColumnMetadata = {
  readonly aggregate: boolean;
  readonly apexType: string | null;
  readonly booleanType: boolean;
  readonly columnName: string;
  readonly custom: boolean;
  readonly displayName: string;
  readonly foreignKeyName: string | null;
  readonly insertable: boolean;
  readonly joinColumns: readonly ColumnMetadata[];
  readonly numberType: boolean;
  readonly textType: boolean;
  readonly updatable: boolean;
};

/** The answer to `&columns=true`, which sf asks for before it prints a table. */
export function columnMetadata(schema: Schema, object: ObjectSchema, query: Query) {
  const columns: ColumnMetadata[] = [];
  let unnamed = 0;
  for (const item of query.select) {
    if (item.kind === 'aggregate') {
      const name = item.alias ?? `expr${unnamed++}`;
      columns.push({ ...blank(name), aggregate: true, apexType: 'Integer', numberType: true });
    } else if (item.kind === 'children') columns.push(childColumn(schema, object, item.query));
    else if (item.kind === 'all') columns.push(...object.fields.map(plainColumn));
    else addPath(columns, schema, object, item.path.names);
  }
  return {
    columnMetadata: columns,
    entityName: object.name,
    groupBy: query.groupBy.length > 0,
    idSelected: columns.some(({ columnName }) => columnName === 'Id'),
    keyPrefix: object.keyPrefix,
  };
}

function blank(name: string): ColumnMetadata {
  return {
    aggregate: false,
    apexType: null,
    booleanType: false,
    columnName: name,
    custom: false,
    displayName: name,
    foreignKeyName: null,
    insertable: false,
    joinColumns: [],
    numberType: false,
    textType: false,
    updatable: false,
  };
}

function plainColumn(field: FieldSchema): ColumnMetadata {
  const numberType = ['int', 'double', 'currency', 'percent'].includes(field.type);
  const booleanType = field.type === 'boolean';
  return {
    ...blank(field.name),
    apexType: numberType ? 'Double' : booleanType ? 'Boolean' : field.type === 'id' ? 'Id' : 'String',
    booleanType,
    custom: field.custom,
    insertable: field.createable,
    numberType,
    textType: !numberType && !booleanType,
    updatable: field.updateable,
  };
}

/** A parent path becomes one column of the relationship's name with the parent's columns nested. */
function addPath(columns: ColumnMetadata[], schema: Schema, object: ObjectSchema, names: readonly string[]): void {
  const [first = '', ...rest] = names;
  if (rest.length === 0) {
    const field = fieldNamed(object, first);
    if (field !== undefined) columns.push(plainColumn(field));
    return;
  }
  const step = object.byRelationship.get(first.toLowerCase());
  const parent = objectNamed(schema, step?.referenceTo[0] ?? '');
  if (step === undefined || parent === undefined) {
    addPath(columns, schema, object, rest);
    return;
  }
  const name = step.relationshipName ?? first;
  const place = columns.findIndex(({ columnName }) => columnName === name);
  const joinColumns = [...(columns[place]?.joinColumns ?? [])];
  addPath(joinColumns, schema, parent, rest);
  const column = { ...blank(name), custom: step.custom, foreignKeyName: step.name, joinColumns };
  if (place < 0) columns.push(column);
  else columns[place] = column;
}

function childColumn(schema: Schema, object: ObjectSchema, query: Query): ColumnMetadata {
  const relation = object.children.find((child) => child.relationshipName?.toLowerCase() === query.from.toLowerCase());
  const child = objectNamed(schema, relation?.childObject ?? '');
  const joinColumns = child === undefined ? [] : columnMetadata(schema, child, query).columnMetadata;
  return { ...blank(relation?.relationshipName ?? query.from), joinColumns };
}
