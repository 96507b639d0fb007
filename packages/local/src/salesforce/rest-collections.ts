import * as v from 'valibot';
import { type Answer, type Call, methodNotAllowed, readBody } from './call.ts';
import type { Engine } from './engine.ts';
import { guessedWords } from './guesses.ts';
import { parseId } from './ids.ts';
import { isRecord, type RecordInput, readRecord } from './record-input.ts';
import { asRowError, idNotFound, type RowError, resourceNotFound, SalesforceError } from './salesforce-error.ts';
import { deleteRecord, type Saved, saveRecord } from './save.ts';
import { type FieldSchema, fieldNamed, type ObjectSchema, objectNamed, type Stored } from './schema.ts';

/** How many records one call may carry; also the chunk in which Bulk API 2.0 saves. */
export const MAX_ROWS = 200;

export type RowResult =
  | { readonly success: true; readonly id: string; readonly created: boolean }
  | { readonly success: false; readonly id: string | null; readonly errors: readonly RowError[] };

const CollectionBody = v.object({
  allOrNone: v.optional(v.boolean(), false),
  records: v.array(v.custom<Record<string, unknown>>(isRecord, 'a record must be an object')),
});

/** `/composite/sobjects[/Object/Key]`: up to 200 records, one API call, always 200, answers by position. */
export function answerCollections(engine: Engine, call: Call): Answer {
  const [, , name, keyName] = call.segments;
  if (call.method === 'DELETE') return deleteMany(engine, call);
  if (call.method !== 'POST' && call.method !== 'PATCH') throw methodNotAllowed(call.method, 'POST,PATCH,DELETE');
  const { allOrNone, records } = readBody(CollectionBody, call.json());
  checkCount(records.length);
  if (name === undefined) {
    const tasks = records.map((record) => writeTask(engine, record, call.method === 'PATCH'));
    return { status: 200, body: runTasks(engine, tasks, allOrNone).map((result) => renderResult(result, false)) };
  }
  const object = objectNamed(engine.schema, name);
  if (object === undefined) throw resourceNotFound();
  const key = fieldNamed(object, keyName ?? '');
  if (key === undefined || !(key.externalId || key.idLookup)) throw idNotFound(keyName ?? '');
  const tasks = upsertTasks(engine, object, key, records);
  return { status: 200, body: runTasks(engine, tasks, allOrNone).map((result) => renderResult(result, true)) };
}

/** One row's write, or the error that its reading already gave. */
export type RowTask = (() => Saved) | SalesforceError;

function writeTask(engine: Engine, record: Record<string, unknown>, update: boolean): RowTask {
  const object = objectOf(engine, record);
  if (object instanceof SalesforceError) return object;
  const input = readRow(engine, object, record);
  if (input instanceof SalesforceError) return input;
  if (!update) return () => saveRecord(engine, object, { kind: 'insert' }, input);
  const id = input.id;
  if (id === null) return new SalesforceError(400, 'MISSING_ARGUMENT', 'Id not specified in an update call', []);
  return () => saveRecord(engine, object, { kind: 'update', id }, input);
}

function upsertTasks(
  engine: Engine,
  object: ObjectSchema,
  key: FieldSchema,
  records: readonly Record<string, unknown>[],
): readonly RowTask[] {
  const inputs = records.map((record) => {
    const type = objectOf(engine, record);
    if (type instanceof SalesforceError) return type;
    if (type !== object)
      return new SalesforceError(
        400,
        'INVALID_TYPE',
        guessedWords(engine.guesses, `The records to upsert must be of type ${object.name}`),
        [],
      );
    return readRow(engine, object, record);
  });
  const values = inputs.map((input) => (input instanceof SalesforceError ? null : keyValueOf(key, input)));
  const twice = repeatedKeys(key, values);
  return inputs.map((input, i) => {
    if (input instanceof SalesforceError) return input;
    const value = values[i] ?? null;
    if (value === null && key.type !== 'id')
      return new SalesforceError(400, 'MISSING_ARGUMENT', `${key.name} not specified`, []);
    if (value !== null && twice.has(foldKey(key, value))) return duplicateKey(key, value);
    return () => saveRecord(engine, object, { kind: 'upsert', key, value, updateOnly: false }, input);
  });
}

function keyValueOf(key: FieldSchema, input: RecordInput): Stored {
  return key.type === 'id' ? input.id : (input.given[key.name] ?? null);
}

/** A wrong column or type is found when the body is parsed: the whole call fails, or the row, as the switch says. */
function readRow(engine: Engine, object: ObjectSchema, record: Record<string, unknown>): RecordInput | SalesforceError {
  try {
    return readRecord(engine.schema, object, record, 'json', engine.guesses);
  } catch (error) {
    if (!(error instanceof SalesforceError)) throw error;
    const parsing = error.errorCode === 'JSON_PARSER_ERROR' || error.message.startsWith('No such column');
    if (parsing && engine.guesses.collectionInput === 'request') throw error;
    return error;
  }
}

/** Runs row after row, each undone alone when it fails; with `allOrNone` one failure undoes all. */
export function runTasks(engine: Engine, tasks: readonly RowTask[], allOrNone: boolean): readonly RowResult[] {
  const start = engine.store.savepoint();
  const results = tasks.map((task): RowResult => {
    if (task instanceof SalesforceError) return { success: false, id: null, errors: [asRowError(task)] };
    const before = engine.store.savepoint();
    try {
      return { success: true, ...task() };
    } catch (error) {
      if (!(error instanceof SalesforceError)) throw error;
      engine.store.rollbackTo(before);
      return { success: false, id: null, errors: [asRowError(error)] };
    }
  });
  if (!allOrNone || results.every((result) => result.success)) return results;
  engine.store.rollbackTo(start);
  return results.map((result) => (result.success ? { success: false, id: result.id, errors: [ROLLED_BACK] } : result));
}

const ROLLED_BACK: RowError = {
  statusCode: 'ALL_OR_NONE_OPERATION_ROLLED_BACK',
  message: 'Record rolled back because not all records were valid and the request was using AllOrNone header',
  fields: [],
};

function renderResult(result: RowResult, withCreated: boolean): Record<string, unknown> {
  if (result.success) {
    return { id: result.id, success: true, errors: [], ...(withCreated ? { created: result.created } : {}) };
  }
  return { ...(result.id === null ? {} : { id: result.id }), success: false, errors: result.errors };
}

function deleteMany(engine: Engine, call: Call): Answer {
  const ids = (call.query.get('ids') ?? '').split(',').filter((id) => id !== '');
  checkCount(ids.length);
  const tasks = ids.map((text): RowTask => {
    const id = parseId(text);
    const object = id === null ? undefined : engine.schema.byPrefix.get(id.slice(0, 3));
    if (id === null || object === undefined)
      return new SalesforceError(400, 'MALFORMED_ID', `malformed id ${text}`, []);
    return () => {
      deleteRecord(engine, object, id);
      return { id, created: false };
    };
  });
  const results = runTasks(engine, tasks, call.query.get('allOrNone') === 'true');
  return { status: 200, body: results.map((result) => renderResult(result, false)) };
}

function checkCount(count: number): void {
  if (count <= MAX_ROWS) return;
  throw new SalesforceError(
    400,
    'EXCEEDED_ID_LIMIT',
    `record limit reached. cannot submit more than ${MAX_ROWS} records into this call`,
  );
}

function objectOf(engine: Engine, record: Record<string, unknown>): ObjectSchema | SalesforceError {
  const type = isRecord(record.attributes) ? record.attributes.type : undefined;
  const object = typeof type === 'string' ? objectNamed(engine.schema, type) : undefined;
  return (
    object ?? new SalesforceError(400, 'INVALID_TYPE', `sObject type '${String(type ?? '')}' is not supported.`, [])
  );
}

export function foldKey(key: FieldSchema, value: unknown): string {
  const text = String(value);
  return key.caseSensitive || key.type === 'id' ? text : text.toLowerCase();
}

/** Keys that occur more than once in one chunk: Salesforce fails every row that carries one. */
export function repeatedKeys(key: FieldSchema, values: readonly unknown[]): ReadonlySet<string> {
  const seen = new Set<string>();
  const twice = new Set<string>();
  for (const value of values) {
    if (value === null) continue;
    const folded = foldKey(key, value);
    if (seen.has(folded)) twice.add(folded);
    seen.add(folded);
  }
  return twice;
}

export function duplicateKey(key: FieldSchema, value: unknown): SalesforceError {
  return new SalesforceError(400, 'DUPLICATE_VALUE', `Duplicate external id specified: ${String(value)}`, [key.name]);
}
