import * as v from 'valibot';
import { type IngestJob, type IngestJobs, isFinished, type Operation } from './bulk-jobs.ts';
import {
  externalKey,
  jobInfo,
  jobLayout,
  jobSummary,
  type ResultKind,
  resultFile,
  resultsNotReady,
} from './bulk-results.ts';
import { type Answer, type Call, methodNotAllowed, noContent, readBody } from './call.ts';
import type { Engine } from './engine.ts';
import { guessedWords } from './guesses.ts';
import { parseId } from './ids.ts';
import { resourceNotFound, SalesforceError } from './salesforce-error.ts';
import { objectNamed } from './schema.ts';

const OPERATIONS = ['insert', 'update', 'upsert', 'delete', 'hardDelete'] as const satisfies readonly Operation[];

const NewJobBody = v.object({
  object: v.string(),
  operation: v.picklist(OPERATIONS),
  externalIdFieldName: v.optional(v.string()),
  contentType: v.optional(v.literal('CSV')),
  lineEnding: v.optional(v.picklist(['LF', 'CRLF']), 'LF'),
  columnDelimiter: v.optional(v.picklist(['COMMA', 'SEMICOLON', 'TAB', 'PIPE', 'CARET', 'BACKQUOTE']), 'COMMA'),
});
const StateBody = v.object({ state: v.picklist(['UploadComplete', 'Aborted']) });

const RESULTS: readonly ResultKind[] = ['successfulresults', 'failedresults', 'unprocessedrecords'];
/** 150 MB after base64, which leaves 100 MB of CSV. */
const MAX_UPLOAD_BYTES = 100_000_000;

/** `/jobs/ingest` and below: Bulk API 2.0 ingest. */
export function answerIngest(engine: Engine, jobs: IngestJobs, call: Call): Answer {
  const [, , idText, part] = call.segments;
  if (idText === undefined) return answerList(engine, jobs, call);
  const job = jobs.find(parseId(idText) ?? idText);
  if (part === undefined) return answerJob(engine, jobs, call, job);
  if (part.toLowerCase() === 'batches') return answerUpload(engine, jobs, call, job);
  const kind = RESULTS.find((name) => name === part.toLowerCase());
  if (kind === undefined) throw resourceNotFound();
  if (!isFinished(job)) throw resultsNotReady(engine, job);
  const { csv, rows } = resultFile(job, kind);
  return {
    status: 200,
    text: csv,
    contentType: 'text/csv',
    headers: { 'Sforce-Locator': 'null', 'Sforce-NumberOfRecords': String(rows) },
  };
}

function answerList(engine: Engine, jobs: IngestJobs, call: Call): Answer {
  if (call.method === 'POST') return createJob(engine, jobs, call);
  if (call.method !== 'GET') throw methodNotAllowed(call.method, 'GET,POST');
  const records = jobs.list().map((job) => ({ ...jobSummary(engine, job), jobType: 'V2Ingest' }));
  return { status: 200, body: { done: true, nextRecordsUrl: null, records } };
}

function createJob(engine: Engine, jobs: IngestJobs, call: Call): Answer {
  const body = readBody(NewJobBody, call.json());
  const object = objectNamed(engine.schema, body.object);
  if (object === undefined || (object.kind !== 'object' && object.kind !== 'setting')) {
    const code = engine.guesses.bulkUnknownObject;
    throw new SalesforceError(400, code, guessedWords(engine.guesses, `Unable to find object: ${body.object}`));
  }
  const name = body.externalIdFieldName;
  const key = name === undefined ? null : externalKey(object, name);
  if (body.operation === 'upsert' && name === undefined) {
    throw new SalesforceError(
      400,
      'INVALIDJOB',
      `InvalidJob : External ID was blank for ${object.name}. An External ID must be specified for upsert.`,
    );
  }
  if (body.operation === 'upsert' && key === null) {
    const reason = `Field name provided, ${name} does not match an External ID, Salesforce Id, or indexed field for ${object.name}`;
    throw new SalesforceError(400, 'INVALIDJOB', `InvalidJob : ${reason}`);
  }
  const { operation, lineEnding, columnDelimiter } = body;
  const job = jobs.create({
    object,
    operation,
    key: operation === 'upsert' ? key : null,
    lineEnding,
    columnDelimiter,
    apiVersion: call.version,
  });
  const contentUrl = `services/data/v${call.version}.0/jobs/ingest/${job.id}/batches`;
  return { status: 200, body: { ...jobSummary(engine, job), contentUrl, ...jobLayout(job) } };
}

function answerJob(engine: Engine, jobs: IngestJobs, call: Call, job: IngestJob): Answer {
  switch (call.method) {
    case 'GET':
      jobs.polled(job);
      return { status: 200, body: jobInfo(engine, job) };
    case 'PATCH': {
      const { state } = readBody(StateBody, call.json());
      if (state === 'Aborted') jobs.abort(job);
      else jobs.complete(job);
      return { status: 200, body: jobSummary(engine, job) };
    }
    case 'DELETE':
      jobs.remove(job);
      return noContent;
    default:
      throw methodNotAllowed(call.method, 'GET,PATCH,DELETE');
  }
}

function answerUpload(engine: Engine, jobs: IngestJobs, call: Call, job: IngestJob): Answer {
  if (call.method !== 'PUT') throw methodNotAllowed(call.method, 'PUT');
  if (call.raw.byteLength > MAX_UPLOAD_BYTES) {
    throw new SalesforceError(
      400,
      'CLIENT_ERROR',
      guessedWords(engine.guesses, 'ClientInputError : The uploaded data is larger than 150 MB after encoding'),
    );
  }
  jobs.upload(job, call.text);
  return { status: 201 };
}
