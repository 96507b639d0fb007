import { type Answer, basePath, type Call, methodNotAllowed, noContent } from './call.ts';
import { describeGlobal, describeObject, objectSummary } from './describe.ts';
import type { Engine } from './engine.ts';
import { parseId } from './ids.ts';
import { isRecord, readRecord } from './record-input.ts';
import { idNotFound, jsonParserError, noSuchColumn, resourceNotFound, SalesforceError } from './salesforce-error.ts';
import { deleteRecord, liveRow, type Saved, type SaveOrder, SeveralMatches, saveRecord } from './save.ts';
import { type FieldSchema, fieldNamed, type ObjectSchema, objectNamed } from './schema.ts';
import type { Row } from './store.ts';
import { readValue } from './values.ts';

/** `/sobjects` and everything below: describe, one record by id, one record by external id. */
export function answerSobjects(engine: Engine, call: Call): Answer {
  const [, name, ...rest] = call.segments;
  if (name === undefined) {
    onlyRead(call);
    return { status: 200, body: describeGlobal(engine.schema, basePath(call.version)) };
  }
  const object = objectNamed(engine.schema, name);
  if (object === undefined) throw resourceNotFound();
  const [first, second, ...more] = rest;
  if (more.length > 0) throw resourceNotFound();
  if (first === undefined) return answerObject(engine, call, object);
  if (first.toLowerCase() === 'describe' && second === undefined) {
    onlyRead(call);
    return { status: 200, body: describeObject(engine.schema, object, basePath(call.version), engine.rights) };
  }
  return second === undefined
    ? answerById(engine, call, object, first)
    : answerByKey(engine, call, object, first, second);
}

function onlyRead(call: Call): void {
  if (call.method !== 'GET' && call.method !== 'HEAD') throw methodNotAllowed(call.method, 'GET,HEAD');
}

function answerObject(engine: Engine, call: Call, object: ObjectSchema): Answer {
  const base = basePath(call.version);
  if (call.method === 'GET' || call.method === 'HEAD') {
    return { status: 200, body: { objectDescribe: objectSummary(object, base), recentItems: [] } };
  }
  if (call.method !== 'POST') throw methodNotAllowed(call.method, 'HEAD,GET,POST');
  const saved = saveBody(engine, object, call, { kind: 'insert' });
  return created(engine, call, object, saved, {});
}

/** Publishing answers success with an entry in `errors`: OPERATION_ENQUEUED is Salesforce's receipt, not a failure. */
function created(engine: Engine, call: Call, object: ObjectSchema, saved: Saved, more: object): Answer {
  const errors =
    object.kind === 'event' ? [{ statusCode: 'OPERATION_ENQUEUED', message: engine.newUuid(), fields: [] }] : [];
  return {
    status: 201,
    headers: { Location: `${basePath(call.version)}/sobjects/${object.name}/${saved.id}` },
    body: { id: saved.id, success: true, errors, ...more },
  };
}

function answerById(engine: Engine, call: Call, object: ObjectSchema, text: string): Answer {
  const id = parseId(text);
  if (id === null) {
    // What jsforce sends when the external id is missing: `…/Stripe_Id__c/`.
    if (fieldNamed(object, text) !== undefined) throw resourceNotFound();
    throw new SalesforceError(400, 'MALFORMED_ID', `malformed id ${text}`);
  }
  if (object.kind === 'event') throw resourceNotFound();
  return onRow(engine, call, object, liveRow(engine, object, id));
}

function onRow(engine: Engine, call: Call, object: ObjectSchema, row: Row): Answer {
  switch (call.method) {
    case 'GET':
    case 'HEAD':
      return { status: 200, body: renderRow(object, row, call) };
    case 'PATCH':
      saveBody(engine, object, call, { kind: 'update', id: row.id });
      return noContent;
    case 'DELETE':
      deleteRecord(engine, object, row.id);
      return noContent;
    default:
      throw methodNotAllowed(call.method, 'HEAD,GET,PATCH,DELETE');
  }
}

function answerByKey(engine: Engine, call: Call, object: ObjectSchema, name: string, text: string): Answer {
  const key = fieldNamed(object, name);
  if (key === undefined || !(key.externalId || key.idLookup)) throw idNotFound(name);
  if (call.method === 'PATCH') return upsert(engine, call, object, key, text);
  if (call.method === 'POST' && key.type === 'id')
    return created(engine, call, object, saveBody(engine, object, call, { kind: 'insert' }), { created: true });
  const ids =
    key.type === 'id'
      ? [parseId(text) ?? text]
      : engine.store.table(object.name).find(key, keyValue(engine, key, text));
  if (ids.length > 1) return severalMatches(call, object, ids);
  if (ids[0] === undefined) throw new SalesforceError(404, 'NOT_FOUND', 'The requested resource does not exist');
  return onRow(engine, call, object, liveRow(engine, object, ids[0]));
}

export function keyValue(engine: Engine, key: FieldSchema, text: string) {
  return readValue(key, text, 'csv', engine.guesses);
}

function upsert(engine: Engine, call: Call, object: ObjectSchema, key: FieldSchema, text: string): Answer {
  const updateOnly = call.query.get('updateOnly') === 'true';
  const value = keyValue(engine, key, text);
  if (value === null) throw resourceNotFound();
  let saved: Saved;
  try {
    saved = saveBody(engine, object, call, { kind: 'upsert', key, value, updateOnly });
  } catch (error) {
    if (error instanceof SeveralMatches) return severalMatches(call, object, error.ids);
    throw error;
  }
  if (saved.created) return created(engine, call, object, saved, call.version >= 46 ? { created: true } : {});
  // Up to v45 an upsert that updated answered nothing.
  if (call.version < 46) return noContent;
  return { status: 200, body: { id: saved.id, success: true, errors: [], created: false } };
}

function severalMatches(call: Call, object: ObjectSchema, ids: readonly string[]): Answer {
  return { status: 300, body: ids.map((id) => `${basePath(call.version)}/sobjects/${object.name}/${id}`) };
}

function saveBody(engine: Engine, object: ObjectSchema, call: Call, order: SaveOrder): Saved {
  const body = call.json();
  if (!isRecord(body)) throw jsonParserError('Cannot deserialize instance of sobject from the request body');
  const input = readRecord(engine.schema, object, body, 'json', engine.guesses);
  const inPath = order.kind === 'upsert' && order.key.name in input.given ? order.key.name : null;
  const forbidden = inPath ?? (input.id === null ? null : 'Id');
  if (forbidden !== null) {
    throw new SalesforceError(
      400,
      'INVALID_FIELD',
      `The ${forbidden} field should not be specified in the sobject data.`,
    );
  }
  return saveRecord(engine, object, order, input);
}

function renderRow(object: ObjectSchema, row: Row, call: Call): Record<string, unknown> {
  const chosen = call.query
    .get('fields')
    ?.split(',')
    .map((name) => name.trim());
  const fields = chosen?.map((name) => {
    const field = fieldNamed(object, name);
    if (field === undefined) throw noSuchColumn(name, object.name);
    return field;
  });
  const attributes = { type: object.name, url: `${basePath(call.version)}/sobjects/${object.name}/${row.id}` };
  const values = (fields ?? object.fields).map(({ name }) => [name, row.values[name] ?? null] as const);
  return { attributes, ...Object.fromEntries(values), Id: row.id };
}
