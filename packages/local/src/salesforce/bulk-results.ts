import { DELIMITERS, LINE_ENDINGS, quotedLine } from './bulk-csv.ts';
import type { IngestJob } from './bulk-jobs.ts';
import type { Engine } from './engine.ts';
import { guessedWords } from './guesses.ts';
import { type RowError, SalesforceError } from './salesforce-error.ts';
import { type FieldSchema, fieldNamed, type ObjectSchema } from './schema.ts';
import { wireDateTime } from './values.ts';

/** `CODE:message:FIELDS --`: messages hold colons, so readers split at the first and the last one. */
function errorCell(error: RowError | undefined): string {
  if (error === undefined) return '';
  const fields = error.fields.length === 0 ? '--' : `${error.fields.join(',')} --`;
  return `${error.statusCode}:${error.message}:${fields}`;
}

export type ResultKind = 'successfulresults' | 'failedresults' | 'unprocessedrecords';

/** One of the three result files, and how many rows are in it. */
export function resultFile(job: IngestJob, kind: ResultKind): { readonly csv: string; readonly rows: number } {
  const delimiter = DELIMITERS[job.columnDelimiter];
  const end = LINE_ENDINGS[job.lineEnding];
  const header = job.upload?.headerLine ?? '';
  if (kind === 'unprocessedrecords') {
    const left = job.state === 'JobComplete' ? [] : (job.upload?.rows.slice(job.next) ?? []);
    return { csv: [header, ...left.map((cells) => quotedLine(cells, delimiter))].join(end) + end, rows: left.length };
  }
  const success = kind === 'successfulresults';
  const lines = job.outcomes.flatMap(({ result, cells }) => {
    if (result.success !== success) return [];
    const own = result.success ? [result.id, String(result.created)] : [result.id ?? '', errorCell(result.errors[0])];
    return [quotedLine([...own, ...cells], delimiter)];
  });
  const columns = quotedLine(['sf__Id', success ? 'sf__Created' : 'sf__Error'], delimiter);
  return { csv: [`${columns}${delimiter}${header}`, ...lines].join(end) + end, rows: lines.length };
}

/** Results of an ingest or a query job that still runs. */
export function resultsNotReady(engine: Engine, job: { readonly id: string; readonly state: string }): SalesforceError {
  const likely = `Job ${job.id} is in state ${job.state}; its results are not ready`;
  return new SalesforceError(400, 'INVALIDJOBSTATE', guessedWords(engine.guesses, likely));
}

/** The job as its creation answers it. */
export function jobSummary(engine: Engine, job: IngestJob) {
  return {
    id: job.id,
    operation: job.operation,
    object: job.object.name,
    createdById: engine.userId,
    createdDate: wireDateTime(job.createdAt),
    systemModstamp: wireDateTime(job.modifiedAt),
    state: job.state,
    ...(job.key === null ? {} : { externalIdFieldName: job.key.name }),
    concurrencyMode: 'Parallel',
    contentType: 'CSV',
    apiVersion: job.apiVersion,
  };
}

export function jobLayout(job: IngestJob) {
  return { lineEnding: job.lineEnding, columnDelimiter: job.columnDelimiter };
}

/** The job as `GET` answers it. Processed rows include failed ones; a job that failed as a whole has none. */
export function jobInfo(engine: Engine, job: IngestJob) {
  return {
    ...jobSummary(engine, job),
    ...jobLayout(job),
    jobType: 'V2Ingest',
    numberRecordsProcessed: job.next,
    numberRecordsFailed: job.failed,
    retries: 0,
    totalProcessingTime: job.processingMs,
    apiActiveProcessingTime: job.processingMs,
    apexProcessingTime: 0,
    isPkChunkingSupported: false,
    ...(job.errorMessage === null ? {} : { errorMessage: job.errorMessage }),
  };
}

export function externalKey(object: ObjectSchema, name: string): FieldSchema | null {
  const field = fieldNamed(object, name);
  return field !== undefined && (field.externalId || field.idLookup) ? field : null;
}
