import { afterSave } from './automation/after-save.ts';
import { automate } from './automation/before-save.ts';
import { setDerived } from './derived.ts';
import type { Engine } from './engine.ts';
import { parseId } from './ids.ts';
import type { Link, RecordInput } from './record-input.ts';
import { checkRights } from './rights.ts';
import {
  entityIsDeleted,
  foreignKeyNotFound,
  idNotFound,
  invalidCrossReference,
  notWriteable,
  SalesforceError,
} from './salesforce-error.ts';
import { externalKeyOf, type FieldSchema, type ObjectSchema, type Stored } from './schema.ts';
import type { Row } from './store.ts';
import { checkPicklist, checkValue, malformedId, wireDateTime } from './values.ts';

export type SaveOrder =
  | { readonly kind: 'insert' }
  | { readonly kind: 'update'; readonly id: string }
  | { readonly kind: 'upsert'; readonly key: FieldSchema; readonly value: Stored; readonly updateOnly: boolean };

export type Saved = { readonly id: string; readonly created: boolean };

type Values = Record<string, Stored>;

/** Several rows carry the external id of an upsert: 300 with their addresses on a single record, a row's error elsewhere. */
export class SeveralMatches extends SalesforceError {
  readonly ids: readonly string[];
  constructor(key: FieldSchema, ids: readonly string[]) {
    const message = `${key.label}: more than one record found for external id field: [${ids.join(', ')}]`;
    super(300, 'DUPLICATE_EXTERNAL_ID', message, []);
    this.ids = ids;
  }
}

/**
 * Saves one record in Salesforce's order: match, writeable fields, parents, restricted picklists, before-save automations,
 * required fields, formats, references, uniqueness. Throws {@link SalesforceError}; the caller rolls back to its savepoint.
 */
export function saveRecord(engine: Engine, object: ObjectSchema, order: SaveOrder, input: RecordInput): Saved {
  if (object.kind === 'event') return publishEvent(engine, object, order, input);
  if (object.kind === 'metadata') throw notWriteable(Object.keys(input.given));
  const before = matchRow(engine, object, order);
  const given: Values = { ...input.given };
  if (order.kind === 'upsert' && before === null && order.key.type !== 'id') given[order.key.name] = order.value;
  for (const link of input.links) given[link.field.name] = resolveLink(engine, link);
  checkRights(engine, object, before === null, given);
  checkWriteable(engine, object, before, given);
  for (const name of Object.keys(given)) checkPicklist(fieldOf(object, name), given[name] ?? null);

  const id = before?.id ?? engine.store.table(object.name).newId();
  engine.locks.claim(lockIds(object, id, before, given));
  const next: Values = { ...(before === null ? defaultsOf(object) : before.values), ...given };
  Object.assign(next, automate(engine, object, before, given, next, id));
  checkRow(engine, object, id, before, next);
  writeRow(engine, object, id, before, next);
  return { id, created: before === null };
}

/** Marks the row deleted; details go with their master, lookups are emptied or refuse, as the field says. */
export function deleteRecord(engine: Engine, object: ObjectSchema, id: string): void {
  const row = liveRow(engine, object, id);
  engine.locks.claim(lockIds(object, id, row, {}));
  for (const child of object.children) {
    const schema = engine.schema.byName.get(child.childObject.toLowerCase());
    const field = schema?.byName.get(child.field.toLowerCase());
    if (schema === undefined || field === undefined || !engine.store.table(schema.name).isIndexed(field)) continue;
    const ids = engine.store.table(schema.name).find(field, id);
    if (ids.length > 0 && child.restrictedDelete) {
      throw new SalesforceError(
        400,
        'DELETE_FAILED',
        `Your attempt to delete ${id} could not be completed because it is associated with the following records: ${ids.join(', ')}`,
        [],
      );
    }
    for (const childId of ids) {
      if (child.cascadeDelete) deleteRecord(engine, schema, childId);
      else setDerived(engine, schema.name, childId, { [field.name]: null });
    }
  }
  const values = { ...row.values, IsDeleted: true, SystemModstamp: wireDateTime(engine.clock.now()) };
  engine.store.write(object.name, { ...row, values, deleted: true, changedAt: engine.clock.now() });
  afterSave(engine, object, row.values, null);
}

/** The row of an id a client named in a path or body. */
export function liveRow(engine: Engine, object: ObjectSchema, id: string): Row {
  if (!id.startsWith(object.keyPrefix)) throw new SalesforceError(400, 'MALFORMED_ID', `malformed id ${id}`);
  const row = engine.store.table(object.name).get(id);
  if (row === undefined) throw idNotFound(id);
  if (row.deleted) throw entityIsDeleted();
  return row;
}

function matchRow(engine: Engine, object: ObjectSchema, order: SaveOrder): Row | null {
  if (order.kind === 'insert') return null;
  if (order.kind === 'update') return liveRow(engine, object, order.id);
  if (order.key.type === 'id') return order.value === null ? null : liveRow(engine, object, String(order.value));
  const table = engine.store.table(object.name);
  const [only, ...others] = table.find(order.key, order.value);
  if (only !== undefined && others.length > 0) throw new SeveralMatches(order.key, [only, ...others]);
  if (only === undefined && order.updateOnly) throw idNotFound(String(order.value));
  return only === undefined ? null : (table.get(only) ?? null);
}

function resolveLink(engine: Engine, link: Link): string {
  const { parent, key, value } = link;
  const echo = engine.guesses.foreignKeyEcho === 'lowerCase' ? value.toLowerCase() : value;
  const table = engine.store.table(parent.name);
  if (key.type === 'id') {
    const row = table.get(parseId(value) ?? value);
    if (row === undefined || row.deleted) throw foreignKeyNotFound(echo, key.name, parent.name);
    return row.id;
  }
  const [only, ...others] = value === '' ? [] : table.find(key, value);
  if (only === undefined) throw foreignKeyNotFound(echo, key.name, parent.name);
  if (others.length > 0) throw new SeveralMatches(key, [only, ...others]);
  return only;
}

function fieldOf(object: ObjectSchema, name: string): FieldSchema {
  const field = object.byName.get(name.toLowerCase());
  if (field === undefined) throw new Error(`${object.name}.${name} is not in the schema`);
  return field;
}

function checkWriteable(engine: Engine, object: ObjectSchema, before: Row | null, given: Values): void {
  const refused = Object.keys(given).filter((name) => {
    const field = fieldOf(object, name);
    if (before === null) return !field.createable;
    if (field.updateable) return false;
    // A master named again without change is no change.
    const same = field.masterDetail && field.createable && before.values[name] === given[name];
    return !(same && engine.guesses.sameMaster === 'accept');
  });
  if (refused.length > 0) throw notWriteable(refused);
}

/** The row itself and the parents whose roll-ups or lookups a write locks. */
function lockIds(object: ObjectSchema, id: string, before: Row | null, given: Readonly<Values>): readonly string[] {
  const parents = object.fields
    .filter((field) => field.type === 'reference' && field.custom)
    .flatMap((field) => [before?.values[field.name], given[field.name]])
    .filter((value) => typeof value === 'string');
  return [...new Set([id, ...parents])];
}

const defaults = new WeakMap<ObjectSchema, Readonly<Values>>();

function defaultsOf(object: ObjectSchema): Readonly<Values> {
  const known = defaults.get(object);
  if (known !== undefined) return known;
  const values = Object.fromEntries(
    object.fields.map((field) => [field.name, field.summary?.operation === 'count' ? 0 : field.defaultValue]),
  );
  defaults.set(object, values);
  return values;
}

function checkRow(engine: Engine, object: ObjectSchema, id: string, before: Row | null, next: Values): void {
  const missing = object.fields
    .filter((field) => field.required && (next[field.name] ?? null) === null)
    .map((f) => f.name);
  if (missing.length > 0) {
    throw new SalesforceError(
      400,
      'REQUIRED_FIELD_MISSING',
      `Required fields are missing: [${missing.join(', ')}]`,
      missing,
    );
  }
  for (const field of object.fields) {
    const value = next[field.name] ?? null;
    if (value === null || value === before?.values[field.name]) continue;
    checkValue(field, value);
    if (field.type === 'reference' && field.referenceTo.length > 0) checkReference(engine, field, String(value));
    if (field.unique) checkUnique(engine, object, field, id, value);
  }
  const key = externalKeyOf(object);
  const refusal = key === undefined ? undefined : engine.refusedRows.get(`${object.name}/${next[key.name]}`);
  if (refusal !== undefined) throw new SalesforceError(400, refusal.code, refusal.message, []);
  const broken = object.rules.find((rule) => rule.fails(next));
  if (broken !== undefined) {
    const at = broken.displayField === null ? [] : [broken.displayField];
    throw new SalesforceError(400, 'FIELD_CUSTOM_VALIDATION_EXCEPTION', broken.message, at);
  }
}

function checkReference(engine: Engine, field: FieldSchema, id: string): void {
  const target = engine.schema.byPrefix.get(id.slice(0, 3));
  if (target === undefined || !field.referenceTo.includes(target.name)) throw malformedId(field, id);
  const row = engine.store.table(target.name).get(id);
  if (row === undefined) throw invalidCrossReference();
  if (row.deleted) throw entityIsDeleted();
}

function checkUnique(engine: Engine, object: ObjectSchema, field: FieldSchema, id: string, value: Stored): void {
  const other = engine.store
    .table(object.name)
    .find(field, value)
    .find((found) => found !== id);
  if (other === undefined) return;
  throw new SalesforceError(
    400,
    'DUPLICATE_VALUE',
    `duplicate value found: ${field.name} duplicates value on record with id: ${other.slice(0, 15)}`,
    [],
  );
}

/** Bookkeeping of the guard, not data: a write that changes nothing else has not changed the row. */
const BOOKKEEPING = new Set(['Stripe_Write__c', 'Refused_Write__c']);

function writeRow(engine: Engine, object: ObjectSchema, id: string, before: Row | null, next: Values): void {
  const table = engine.store.table(object.name);
  if (before === null && table.size >= engine.storageLimit) {
    throw new SalesforceError(400, 'STORAGE_LIMIT_EXCEEDED', 'storage limit exceeded', []);
  }
  const now = engine.clock.now();
  const stamp = wireDateTime(now);
  if (before === null) stampInsert(engine, object, id, next, stamp);
  next.LastModifiedDate = stamp;
  next.LastModifiedById = engine.userId;
  next.SystemModstamp = stamp;
  composeName(object, next);
  const changed =
    before === null ||
    object.fields.some(
      ({ name, custom, nameField }) =>
        (custom || nameField) && !BOOKKEEPING.has(name) && (before.values[name] ?? null) !== (next[name] ?? null),
    );
  engine.store.write(object.name, { id, values: next, deleted: false, changedAt: changed ? now : before.changedAt });
  afterSave(engine, object, before?.values ?? null, next);
}

function stampInsert(engine: Engine, object: ObjectSchema, id: string, next: Values, stamp: string): void {
  const table = engine.store.table(object.name);
  next.Id = id;
  next.CreatedDate = stamp;
  next.CreatedById = engine.userId;
  if (object.byName.has('ownerid')) next.OwnerId ??= engine.userId;
  const numbered = object.fields.filter((field) => field.autoNumber !== null);
  if (numbered.length === 0) return;
  const n = table.nextNumber++;
  for (const field of numbered) next[field.name] = autoNumber(field.autoNumber ?? '', n);
}

/** `SUB-{000000}` and 42 → `SUB-000042`. */
function autoNumber(format: string, n: number): string {
  return format.replace(/\{(0+)\}/, (_, zeros: string) => String(n).padStart(zeros.length, '0'));
}

/** People's Name is made of its parts. */
function composeName(object: ObjectSchema, next: Values): void {
  const name = object.byName.get('name');
  if (name?.calculated !== true) return;
  next.Name = [next.FirstName, next.LastName].filter((part) => part !== null && part !== undefined).join(' ');
}

function publishEvent(engine: Engine, object: ObjectSchema, order: SaveOrder, input: RecordInput): Saved {
  if (order.kind !== 'insert') {
    throw new SalesforceError(405, 'METHOD_NOT_ALLOWED', 'HTTP Method not allowed. Allowed are POST');
  }
  checkRights(engine, object, true, input.given);
  const next: Values = { ...defaultsOf(object), ...input.given };
  checkWriteable(engine, object, null, { ...input.given });
  for (const name of Object.keys(input.given)) checkPicklist(fieldOf(object, name), next[name] ?? null);
  checkRow(engine, object, '', null, next);
  const id = engine.store.table(object.name).newId();
  engine.store.publish({
    object: object.name,
    id,
    replayId: engine.store.events.length + engine.store.pendingEvents + 1,
    uuid: engine.newUuid(),
    publishedAt: engine.clock.now(),
    fields: Object.fromEntries(object.fields.filter((f) => f.custom).map((f) => [f.name, next[f.name] ?? null])),
  });
  return { id, created: true };
}
