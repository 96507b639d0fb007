import { type Column, JobFailure, rowAsRecord } from './bulk-csv.ts';
import type { IngestJob } from './bulk-jobs.ts';
import type { Engine } from './engine.ts';
import { type RecordInput, readRecord } from './record-input.ts';
import { duplicateKey, foldKey, type RowResult, type RowTask, repeatedKeys, runTasks } from './rest-collections.ts';
import { SalesforceError } from './salesforce-error.ts';
import { deleteRecord, saveRecord } from './save.ts';

export function checkKeyColumn(job: IngestJob, columns: readonly Column[]): void {
  const wanted = job.operation === 'upsert' ? job.key?.name : job.operation === 'insert' ? undefined : 'Id';
  if (wanted === undefined) return;
  const there = columns.some((column) => column.kind === 'field' && column.field.name === wanted);
  if (!there) throw new JobFailure(`InvalidBatch : Field name not found : ${wanted}`);
}

/** Saves one chunk of a job; every row stands or falls alone, and a key that comes twice falls with all its rows. */
export function saveChunk(
  engine: Engine,
  job: IngestJob,
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
): readonly RowResult[] {
  const inputs = rows.map((cells) => readRow(engine, job, columns, cells));
  const keys = inputs.map((input) => (input instanceof SalesforceError ? null : keyOf(job, input)));
  const twice = job.key === null ? new Set<string>() : repeatedKeys(job.key, keys);
  const tasks = inputs.map((input, i) => rowTask(engine, job, input, keys[i] ?? null, twice));
  return runTasks(engine, tasks, false);
}

function readRow(engine: Engine, job: IngestJob, columns: readonly Column[], cells: readonly string[]) {
  try {
    return readRecord(engine.schema, job.object, rowAsRecord(columns, cells), 'csv', engine.guesses);
  } catch (error) {
    if (error instanceof SalesforceError) return error;
    throw error;
  }
}

function keyOf(job: IngestJob, input: RecordInput) {
  if (job.key === null || job.key.type === 'id') return input.id;
  return input.given[job.key.name] ?? null;
}

function rowTask(
  engine: Engine,
  job: IngestJob,
  input: RecordInput | SalesforceError,
  value: string | number | boolean | null,
  twice: ReadonlySet<string>,
): RowTask {
  if (input instanceof SalesforceError) return input;
  const { object, key, operation } = job;
  const planned = value === null ? undefined : job.plan.rows?.[String(value)];
  if (planned !== undefined) return new SalesforceError(400, planned.code, planned.message, []);
  if (operation === 'insert') return () => saveRecord(engine, object, { kind: 'insert' }, input);
  if (operation === 'upsert' && key !== null && key.type !== 'id') {
    if (value === null) return new SalesforceError(400, 'MISSING_ARGUMENT', `${key.name} not specified`, []);
    if (twice.has(foldKey(key, value))) return duplicateKey(key, value);
    return () => saveRecord(engine, object, { kind: 'upsert', key, value, updateOnly: false }, input);
  }
  const id = input.id;
  if (id === null) {
    if (operation === 'upsert') return () => saveRecord(engine, object, { kind: 'insert' }, input);
    return new SalesforceError(400, 'MISSING_ARGUMENT', 'Id not specified', []);
  }
  if (operation !== 'delete' && operation !== 'hardDelete') {
    return () => saveRecord(engine, object, { kind: 'update', id }, input);
  }
  return () => {
    deleteRecord(engine, object, id);
    return { id, created: false };
  };
}
