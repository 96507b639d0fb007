import * as v from 'valibot';
import { type Answer, type Call, methodNotAllowed, readBody } from './call.ts';
import type { Engine } from './engine.ts';
import { guessedWords } from './guesses.ts';
import { isRecord, readRecord } from './record-input.ts';
import { MAX_ROWS } from './rest-collections.ts';
import { asRowError, resourceNotFound, SalesforceError } from './salesforce-error.ts';
import { saveRecord } from './save.ts';
import { type ObjectSchema, objectNamed } from './schema.ts';

const TreeBody = v.object({
  records: v.array(v.custom<Record<string, unknown>>(isRecord, 'a record must be an object')),
});
const Attributes = v.object({ type: v.string(), referenceId: v.string() });
const Children = v.object({ records: TreeBody.entries.records });

type Result =
  | { readonly referenceId: string; readonly id: string }
  | { readonly referenceId: string; readonly errors: readonly object[] };

/** `/composite/tree/Object`: up to 200 new records with their children, all or nothing. */
export function answerTree(engine: Engine, call: Call): Answer {
  if (call.method !== 'POST') throw methodNotAllowed(call.method, 'POST');
  const root = objectNamed(engine.schema, call.segments[2] ?? '');
  if (root === undefined) throw resourceNotFound();
  const { records } = readBody(TreeBody, call.json());
  const start = engine.store.savepoint();
  const results: Result[] = [];
  for (const record of records) insertTree(engine, root, record, null, results);
  if (results.length > MAX_ROWS) {
    engine.store.rollbackTo(start);
    const likely = `The request can’t contain more than ${MAX_ROWS} records.`;
    throw new SalesforceError(400, 'INVALID_INPUT', guessedWords(engine.guesses, likely));
  }
  const failed = results.filter((result) => 'errors' in result);
  if (failed.length === 0) return { status: 201, body: { hasErrors: false, results } };
  engine.store.rollbackTo(start);
  return { status: 400, body: { hasErrors: true, results: failed } };
}

type ParentLink = { readonly field: string; readonly id: string };

function insertTree(
  engine: Engine,
  object: ObjectSchema,
  record: Record<string, unknown>,
  parent: ParentLink | null,
  results: Result[],
): void {
  const { type, referenceId } = readBody(Attributes, record.attributes);
  const children: [ObjectSchema, string, readonly Record<string, unknown>[]][] = [];
  const own: Record<string, unknown> = parent === null ? {} : { [parent.field]: parent.id };
  for (const [name, value] of Object.entries(record)) {
    const relation = object.children.find(
      ({ relationshipName }) => relationshipName?.toLowerCase() === name.toLowerCase(),
    );
    const child = objectNamed(engine.schema, relation?.childObject ?? '');
    if (relation === undefined || child === undefined) own[name] = value;
    else children.push([child, relation.field, readBody(Children, value).records]);
  }
  try {
    if (objectNamed(engine.schema, type) !== object) {
      const likely = `The record must be of type ${object.name}`;
      throw new SalesforceError(400, 'INVALID_INPUT', guessedWords(engine.guesses, likely), []);
    }
    const input = readRecord(engine.schema, object, own, 'json', engine.guesses);
    const { id } = saveRecord(engine, object, { kind: 'insert' }, input);
    results.push({ referenceId, id });
    for (const [child, field, records] of children) {
      for (const each of records) insertTree(engine, child, each, { field, id }, results);
    }
  } catch (error) {
    if (!(error instanceof SalesforceError)) throw error;
    results.push({ referenceId, errors: [asRowError(error)] });
  }
}
